"""The market's regime decides what is left of an order, and the table of checks shows what it did."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from tests.thalas.services.approvals import answered_runs, close
from thalas import models, regime_policies

pytestmark = pytest.mark.usefixtures("house")
# Days of the tape on which Bitcoin's daily candles are of that regime.
TREND_NORMAL, TREND_STRESSED = 10, 128


def check_on(day: int, code: str) -> dict[str, object]:
    """Close a run that buys Bitcoin on *day* of the tape; return what one check of its order found."""
    starts_at = F("starts_at") + timedelta(days=day, hours=6)
    models.ReplayTape.objects.update(market_anchor_at=starts_at)
    models.Account.objects.update(max_position_pct=30)
    run = answered_runs(1)[0]
    close(run)
    leg = models.DecisionLeg.objects.get(decision_id=run.pk)
    return next(check for check in leg.checks if check["code"] == code)


def test_in_a_normal_market_the_order_keeps_its_size() -> None:
    found = check_on(TREND_NORMAL, "regime")
    assert (found["outcome"], found["value"], found["limit"]) == ("passed", "trend_normal", 1.0)
    # 0.8 % of 10,000 at a stop 5 % off is 1,600, less what floats lose, cut to whole cents.
    assert models.DecisionLeg.objects.get().size_usd == Decimal("1599.99")


def test_in_a_stressed_market_its_policy_halves_what_its_tighter_limits_leave() -> None:
    policy = regime_policies.policies().of("trend_stressed")
    assert (policy.size_factor, dict(policy.limits)["max_position_pct"]) == (0.5, 0.10)
    found = check_on(TREND_STRESSED, "regime")
    assert (found["outcome"], found["value"], found["limit"]) == ("resized", "trend_stressed", 0.5)
    assert "0.5 of it in the regime trend_stressed, with the limits max_correlated_pct 0.45, " in str(
        found["message"]
    )
    leg = models.DecisionLeg.objects.get()
    assert leg.size_usd == Decimal(500)  # a tenth of 10,000, halved
    assert leg.verdict_reason == "Resized to 500.00 USD by position_size, regime."
    (limit,) = (check["limit"] for check in leg.checks if check["code"] == "position_size")
    assert limit == 1000.0
