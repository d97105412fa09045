"""Limits change in editions: the newest applies, each stays on record, and nonsense never gets in."""

from decimal import Decimal

import pytest

from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.errors import BadInput
from thalas.selectors import clock, desks
from thalas.services import closings, limits

pytestmark = pytest.mark.usefixtures("house")


def change(**values: object) -> models.Account:
    return limits.change("demo", values, by="a test", now=clock.now())


def test_a_change_makes_an_edition_that_the_next_decision_names() -> None:
    account = change(max_exposure_pct=0.05, max_positions=3)
    assert (account.limits, account.limits_version) == ({"max_exposure_pct": 0.05, "max_positions": 3}, 2)
    edition = models.LimitsVersion.objects.get()
    assert (edition.version, edition.set_by) == (2, "a test")
    assert edition.values["max_exposure_pct"] == 0.05
    assert edition.values["max_position_pct"] == "15.00"
    run = council.opened()
    council.everyone(run, council.buy(run))
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    leg = models.DecisionLeg.objects.select_related("decision").get()
    assert leg.decision.limits_version == 2
    assert leg.verdict == "resized"
    assert leg.size_usd == Decimal(500)
    assert models.AuditEntry.objects.filter(action="limits.change", target="demo").count() == 1


def test_none_puts_a_limit_back_to_the_usual() -> None:
    change(max_exposure_pct=0.05)
    assert change(max_exposure_pct=None).limits == {}
    assert list(models.LimitsVersion.objects.values_list("version", flat=True)) == [2, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"max_vra_pct": 0.1},
        {"max_var_pct": "lots"},
        {"max_var_pct": -0.1},
        {"max_positions": 2.5},
        {"max_crypto_pct": True},
        {"max_position_pct": 0.1},
        {"version": 7},
    ],
)
def test_nonsense_never_gets_in(values: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=f"limits.{next(iter(values))}"):
        change(**values)
    account = models.Account.objects.get()
    assert (account.limits, account.limits_version) == ({}, 1)


def test_market_types_are_those_that_there_are() -> None:
    now = clock.now()
    account = limits.change("demo", {}, by="a test", now=now, market_types=["crypto", "crypto"])
    assert account.market_types == ["crypto"]
    assert desks.look("demo", now=now, tape=None).limits.max_polymarket_pct == 0.0
    for wrong in (["stamps"], []):
        with pytest.raises(BadInput, match="market_types"):
            limits.change("demo", {}, by="a test", now=now, market_types=wrong)


def test_an_account_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInput, match="nobody"):
        limits.change("nobody", {"max_positions": 1}, by="a test", now=clock.now())
