"""With every voter captured the limits of the account still hold; with one, nothing is ordered."""

from decimal import Decimal

import pytest

from providers.voters.types import Action
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.services import closings

pytestmark = pytest.mark.usefixtures("house")


def closed(run: models.Run) -> models.DecisionLeg:
    """Close *run* and return its only leg."""
    closings.close_run(run.pk, by="guard", reason="a test", now=council.later(run, 31))
    return models.DecisionLeg.objects.get(decision_id=run.pk)


def gathered(run: models.Run, action: Action, stop_at: float) -> models.DecisionLeg:
    """Let everybody demand *action*, wholly sure, with a stop at so much of the price."""
    price = council.price(run)
    said = council.opinion(run, action, 1.0, stop=price * stop_at, target=price * (2 - stop_at))
    council.everyone(run, council.hold(run).model_copy(update={"opinions": (said,)}))
    return closed(run)


@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
@pytest.mark.parametrize("distance", [0.0001, 0.05, 0.9])
def test_all_captured_and_wholly_sure_they_get_no_more_than_the_account_allows(
    action: Action, distance: float
) -> None:
    account = models.Account.objects.get(pk="demo")
    leg = gathered(council.opened(), action, 1 - distance if action is Action.BUY else 1 + distance)
    assert leg.size_usd <= account.equity_usd * account.max_position_pct / 100
    at_risk = leg.size_usd * Decimal(str(distance))
    assert at_risk <= account.equity_usd * account.risk_per_trade_pct / 100 + Decimal("0.01")


def test_all_captured_they_order_nothing_while_the_kill_switch_is_engaged() -> None:
    models.KillSwitch.objects.update(state="engaged")
    leg = gathered(council.opened(), Action.BUY, 0.95)
    assert (leg.verdict, leg.size_usd) == ("vetoed", Decimal(0))


@pytest.mark.parametrize("action", [Action.BUY, Action.SELL])
def test_one_captured_and_wholly_sure_orders_nothing_against_a_council_that_is_in_doubt(
    action: Action,
) -> None:
    run = council.opened()
    panel = list(run.votes.order_by("voter_id").values_list("voter_id", flat=True))
    answers = dict.fromkeys(panel[1:], council.hold(run, 0.05))
    mad = council.hold(run).model_copy(update={"opinions": (council.opinion(run, action, 1.0),)})
    council.answered(run, {panel[0]: mad, **answers})
    leg = closed(run)
    assert leg.size_usd == 0
    assert (leg.outcome, leg.verdict) in (("HOLD", "no_order"), (action.value, "vetoed"))
