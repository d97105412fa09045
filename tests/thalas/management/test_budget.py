"""`manage.py budget`: caps shown, set and refused by name, and the same over the API."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests import caps
from tests.thalas.api import callers
from tests.thalas.management import terminals
from thalas import models
from thalas.selectors import clock

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/budgets"


def called(
    method: str,
    *scopes: str,
    path: str = HERE,
    account: str = "demo",
    body: Mapping[str, object] | None = None,
) -> tuple[int, Any]:
    """Call the API with a key of *account*; return status and answer."""
    client = callers.client(callers.key(*scopes, account=account).shown)
    send = getattr(client, method)
    answer = send(path, body, content_type="application/json") if body else send(path)
    return answer.status_code, answer.json()


def test_a_cap_that_is_set_is_shown_with_what_is_left() -> None:
    caps.allow_usd(1, provider="analyst")
    caps.spend("analyst", 250_000)
    said = terminals.run("budget", "set", "account", "demo", "tokens_per_day", "5000")
    assert (said.code, said.out) == (0, "account demo may take 5,000 tokens (tokens_per_day)\n")
    shown = {row["subject"]: row for row in json.loads(terminals.run("budget", "show", "--json").out)}
    assert (shown["analyst"]["amount"], shown["analyst"]["left"]) == ("1", "0.75")
    assert shown["demo"]["measure"] == "tokens_per_day"
    table = terminals.run("budget", "show").out
    assert table == terminals.run("budget").out
    rows = [line.split() for line in table.splitlines()]
    assert ["provider", "analyst", "usd_per_day", "1.00", "0.25", "0.75", "25"] in rows
    assert ["account", "demo", "tokens_per_day", "5,000", "0", "5,000", "0"] in rows
    assert f"Today ends {clock.now() + timedelta(days=1):%Y-%m-%d} 00:00 UTC" in table
    entry = models.AuditEntry.objects.get(action="budget.set", target="account demo tokens_per_day")
    assert entry.actor.endswith("on the command line")
    assert terminals.run("budget", "set", "account", "demo", "tokens_per_day", "none").code == 0
    assert not models.BudgetCap.objects.filter(subject="demo").exists()


def test_history_lists_what_days_took() -> None:
    caps.spend("analyst", 250_000)
    told = json.loads(terminals.run("budget", "history", "--json").out)
    assert [(row["subject"], row["committed"]) for row in told if row["committed"] != "0"] == [
        ("analyst", "0.25")
    ]
    assert "analyst" in terminals.run("budget", "history", "--days", "2").out


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("set", "someone", "demo", "usd_per_day", "1"), "kind='someone' cannot be used"),
        (("set", "voter", "nobody", "usd_per_day", "1"), "subject='nobody' cannot be used"),
        (("set", "voter", "trend", "usd", "1"), "measure='usd' cannot be used"),
        (("set", "voter", "trend", "usd_per_day", "lots"), "amount='lots' cannot be used"),
        (("history", "--days", "0"), "--days='0' cannot be used"),
    ],
)
def test_what_cannot_be_is_named(given: tuple[str, ...], named: str) -> None:
    said = terminals.run("budget", *given)
    assert said.code == 2
    assert named in said.refusal


def test_the_api_sets_shows_and_lists_the_same() -> None:
    wanted = {"kind": "voter", "subject": "trend", "measure": "usd_per_day", "amount": 2.5}
    status, told = called("put", "budgets:write", body=wanted)
    assert status == 200
    assert [row["amount"] for row in told["budgets"] if row["subject"] == "trend"] == [2.5]
    status, told = called("get", "budgets:read")
    assert {row["subject"] for row in told["budgets"]} >= {"trend", "analyst"}
    assert called("put", "budgets:write", body={**wanted, "amount": None})[0] == 200
    assert not models.BudgetCap.objects.filter(subject="trend").exists()
    assert called("get", "budgets:read", path=f"{HERE}/history?days=3")[0] == 200
    assert called("put", "budgets:read", body=wanted)[0] == 403
    assert called("put", "budgets:write", body={**wanted, "amount": -1})[0] == 400
    status, told = called("put", "budgets:write", body={**wanted, "subject": "nobody"})
    assert (status, list(told["details"])) == (400, ["subject"])


def test_another_accounts_caps_are_neither_shown_nor_changed() -> None:
    models.Account.objects.create(name="other", equity_usd=1)
    wanted = {"kind": "account", "subject": "demo", "measure": "usd_per_day", "amount": 2.5}
    assert called("put", "budgets:write", body=wanted)[0] == 200
    status, refused = called("put", "budgets:write", account="other", body={**wanted, "amount": 0})
    there_is_none = {**wanted, "amount": 0, "subject": "demon"}
    status, of_none = called("put", "budgets:write", account="other", body=there_is_none)
    assert (status, refused["detail"].replace("demo", "demon")) == (400, of_none["detail"])
    told = called("get", "budgets:read", account="other")[1]
    assert "demo" not in {row["subject"] for row in told["budgets"]}
    past = called("get", "budgets:read", account="other", path=f"{HERE}/history")[1]
    assert "demo" not in {row["subject"] for row in past["windows"]}
