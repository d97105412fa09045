"""Limits change in editions: the newest applies, each stays on record, and nonsense never gets in."""

from decimal import Decimal

import pytest

from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.errors import BadInput
from thalas.selectors import clock, desks, editions
from thalas.services import closings, limits

pytestmark = pytest.mark.usefixtures("house")


def change(**values: object) -> models.Account:
    return limits.change("demo", values, by="a test", now=clock.now())


def test_a_change_makes_an_edition_that_the_next_decision_names() -> None:
    account = change(max_exposure_pct=0.05, max_positions=3)
    assert (account.limits, account.limits_version) == ({"max_exposure_pct": 0.05, "max_positions": 3}, 2)
    first, edition = models.LimitsVersion.objects.order_by("version")
    assert (first.version, first.set_by, first.values["max_position_pct"]) == (1, limits.AS_MADE, "15.00")
    assert "max_exposure_pct" not in first.values
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
    assert list(models.LimitsVersion.objects.values_list("version", flat=True)) == [1, 2, 3]


@pytest.mark.parametrize(
    "values",
    [
        {"max_vra_pct": 0.1},
        {"max_var_pct": "lots"},
        {"max_var_pct": -0.1},
        {"max_positions": 2.5},
        {"max_crypto_pct": True},
        {"max_position_pct": 15},
        {"max_position_pct": 0.0},
        {"max_position_pct": 0.12345},
        {"risk_per_trade_pct": "much"},
        {"min_confidence": 1.5},
        {"min_agreement": float("nan")},
        {"version": 7},
    ],
)
def test_nonsense_never_gets_in(values: dict[str, object]) -> None:
    with pytest.raises(BadInput, match=f"limits.{next(iter(values))}"):
        change(**values)
    account = models.Account.objects.get()
    assert (account.limits, account.limits_version) == ({}, 1)


def test_all_that_is_wrong_is_told_at_once_with_what_would_be_right() -> None:
    with pytest.raises(BadInput) as caught:
        change(max_var_pct="lots", max_vra_pct=0.1, risk_per_trade_pct=2)
    told = str(caught.value)
    for part in (
        "limits.max_var_pct='lots' cannot be used: 'lots' must be a number from 0 to 100",
        "limits.max_vra_pct=0.1 cannot be used: there is no such limit; there are max_position_pct, ",
        "limits.risk_per_trade_pct=2 cannot be used: 2 must be a number above 0 and up to 1, in steps of 0.",
    ):
        assert part in told


def test_what_the_account_keeps_in_percent_is_given_and_shown_as_a_fraction_like_all() -> None:
    account = change(max_position_pct=0.1225, risk_per_trade_pct=0.005, min_confidence=0.5)
    account.refresh_from_db()
    assert (account.max_position_pct, account.risk_per_trade_pct) == (Decimal("12.25"), Decimal("0.50"))
    assert account.limits == {}
    found = editions.in_force("demo")
    assert found.values["max_position_pct"] == pytest.approx(0.1225)
    assert (found.values["risk_per_trade_pct"], found.values["min_confidence"]) == (0.005, 0.5)
    assert desks.look("demo", now=clock.now(), tape=None).limits.max_position_pct == pytest.approx(0.1225)
    newest, first = editions.history("demo")
    assert newest.changes == {
        "max_position_pct": (0.15, 0.1225),
        "risk_per_trade_pct": (0.01, 0.005),
        "min_confidence": (0.35, 0.5),
    }
    assert first.changes == {}
    assert change(max_position_pct=None).max_position_pct == Decimal("15.00")


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
