"""`manage.py limits`: shown, set and refused by name; a run tells by which edition it was judged."""

import json

import pytest

from tests.thalas.management import terminals
from thalas import models

pytestmark = pytest.mark.usefixtures("house")


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines()]


def test_alone_it_shows_every_limit_in_force_and_which_are_not_the_usual_ones() -> None:
    said = terminals.run("limits")
    assert said.out == terminals.run("limits", "show", "--account", "demo").out
    assert said.out.startswith("Account demo, limits version 1, may hold crypto, polymarket, equity\n")
    assert ["max_position_pct", "0.15"] in rows(said.out)
    assert ["min_confidence", "0.35"] in rows(said.out)
    assert ["risk_per_trade_pct", "0.01"] in rows(said.out)


def test_what_is_set_is_shown_audited_and_kept_as_an_edition() -> None:
    said = terminals.run("limits", "set", "max_var_pct=0.1", "max_positions=4", "max_position_pct=0.1")
    assert said.code == 0
    assert said.out.startswith("Account demo, limits version 2, ")
    for row in (
        ["max_var_pct", "0.1", "0.2"],
        ["max_positions", "4", "10"],
        ["max_position_pct", "0.1", "0.15"],
    ):
        assert row in rows(said.out)
    entry = models.AuditEntry.objects.get(action="limits.change", target="demo")
    assert entry.actor.endswith("on the command line")
    assert entry.details == {"max_var_pct": "0.1", "max_positions": 4, "max_position_pct": "0.1"}
    assert terminals.run("limits", "set", "max_var_pct=usual", "market_types=crypto").code == 0
    table = terminals.run("limits", "history").out
    newest, second, first = rows(table)[1:]
    assert (newest[0], second[0], first[0]) == ("3", "2", "1")
    assert "max_var_pct 0.1 → 0.2, market_types crypto, polymarket, equity → crypto" in table
    assert "as the account was made" in table
    told = json.loads(terminals.run("limits", "history", "--json").out)
    assert told[1]["changes"]["max_positions"] == {"from": 10, "to": 4}
    shown = json.loads(terminals.run("limits", "--json").out)
    assert (shown["version"], shown["market_types"]) == (3, ["crypto"])
    assert shown["limits"]["max_polymarket_pct"] == 0.0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (
            ("set", "max_var_pct=lots"),
            "limits.max_var_pct='lots' cannot be used: 'lots' must be a number from",
        ),
        (("set", "max_var_pct=nan"), "limits.max_var_pct=nan cannot be used: nan must be a number from 0"),
        (
            ("set", "max_vra_pct=0.1"),
            "limits.max_vra_pct=0.1 cannot be used: there is no such limit; there are",
        ),
        (
            ("set", "max_position_pct=15"),
            "limits.max_position_pct=15 cannot be used: 15 must be a number above 0",
        ),
        (("set", "version=3"), "limits.version=3 cannot be used: counts the changes"),
        (
            ("set", "market_types=stamps"),
            "market_types=['stamps'] cannot be used: give one or more of",
        ),
        (("set", "max_var_pct"), "changes='max_var_pct' cannot be used: give FIELD=VALUE"),
        (("set",), "changes='' cannot be used: give one or more FIELD=VALUE"),
        (("show", "max_var_pct=0.1"), "changes='max_var_pct=0.1' cannot be used: `show` takes none"),
        (("forget",), "way='forget' cannot be used: give one of show, set, history"),
        (("history", "--account", "nobody"), "account='nobody' cannot be used: accounts: demo"),
    ],
)
def test_what_cannot_be_is_named_and_changes_nothing(given: tuple[str, ...], named: str) -> None:
    said = terminals.run("limits", *given)
    assert said.code == 2
    assert named in said.refusal
    account = models.Account.objects.get(pk="demo")
    assert (account.limits, account.limits_version) == ({}, 1)


@pytest.mark.usefixtures("workers")
def test_a_run_tells_by_which_edition_it_was_judged() -> None:
    terminals.run("limits", "set", "max_var_pct=0.1")
    terminals.run("consensus", "BTC/USD", "--timeframe", "1d")
    assert models.Decision.objects.get().limits_version == 2
    assert "judged by limits version 2 of the account demo" in terminals.run("run", "last").out
