"""Each method decides as it says, and looking at the others changes nothing."""

import pytest
from django.db import IntegrityError, transaction

from providers.voters.types import Action, Answer, RiskLevel
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.domain.methods import Method
from thalas.errors import BadInput
from thalas.selectors import readings, stories
from thalas.services import closings, councils, votes

pytestmark = pytest.mark.usefixtures("house")

# BUY 0.9 at high risk, SELL 0.6 at low risk, SELL 0.0 at medium: most votes sell, most confidence buys.
# Majority: 0.9 against 0.6. Average: (0.9 - 0.6) / 3 = 0.1. By risk: 0.9 × 0.6 = 0.54 against 0.6.
# Pool: BUY 0.9·0.2·0.5, SELL 0.05·0.6·0, HOLD 0.05·0.2·0.5, each to the same power.
SAID = {
    "trend": (Action.BUY, 0.9, RiskLevel.HIGH),
    "momentum": (Action.SELL, 0.6, RiskLevel.LOW),
    "breakout": (Action.SELL, 0.0, RiskLevel.MEDIUM),
}
OUTCOMES = {
    Method.WEIGHTED_MAJORITY: "BUY",
    Method.CONFIDENCE_AVERAGE: "HOLD",
    Method.RISK_ADJUSTED: "SELL",
    Method.LOG_OPINION_POOL: "BUY",
}
EVERY_METHOD = pytest.mark.parametrize("method", list(Method))


def split(method: Method) -> models.Run:
    """Return an open run on which the three have said what they say, whose account has no minimums."""
    models.Account.objects.update(min_confidence=0.0, min_agreement=0.0)
    run = council.opened(panel=sorted(SAID), method=method.value)
    for voter, (action, confidence, risk_level) in SAID.items():
        said = council.opinion(run, action, confidence).model_copy(update={"risk_level": risk_level})
        council.answered(run, {voter: Answer(opinions=(said,))})
    return run


def closed(run: models.Run) -> models.Run:
    return closings.close_run(run.pk, by="chord", reason="every vote is in", now=council.later(run, 1))


def leg_of(run: models.Run) -> models.DecisionLeg:
    return models.DecisionLeg.objects.get(decision=run.pk)


@EVERY_METHOD
def test_a_run_is_decided_by_its_own_method_with_the_baseline_beside_it(method: Method) -> None:
    leg = leg_of(closed(split(method)))
    assert (leg.outcome, leg.baseline) == (OUTCOMES[method], "SELL")
    assert leg.arithmetic.startswith(OUTCOMES[method])
    assert leg.n_eff == pytest.approx(9 / (3 + 6 * 0.5))  # three analysts


@EVERY_METHOD
def test_what_another_method_would_have_said_is_what_it_says_when_it_is_chosen(method: Method) -> None:
    others = {other.method: other for other in stories.story(closed(split(method)).pk).legs[0].others}
    assert set(others) == set(Method) - {method}
    for other, told in others.items():
        leg = leg_of(closed(split(other)))
        assert (told.outcome, told.arithmetic) == (leg.outcome, leg.arithmetic)
        assert told.confidence == pytest.approx(leg.confidence)
        assert told.agreement == pytest.approx(leg.agreement)


@EVERY_METHOD
def test_its_own_votes_give_a_run_its_own_decision_again(method: Method) -> None:
    run = closed(split(method))
    counted = readings.counted(run.votes.select_related("voter"))
    told, leg = readings.reading(run, counted, "BTC/USD", method), leg_of(run)
    assert (told.outcome, told.arithmetic) == (leg.outcome, leg.arithmetic)


def test_looking_changes_nothing() -> None:
    run = closed(split(Method.WEIGHTED_MAJORITY))
    tables = (models.Run, models.Vote, models.Decision, models.DecisionLeg, models.AuditEntry)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    stories.story(run.pk)
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before


def test_a_vote_that_came_late_is_no_part_of_any_reading() -> None:
    run = council.opened(panel=["trend", "momentum"])
    late = council.claimed(run, "momentum")
    council.answered(run, {"trend": council.buy(run)})
    run = closed(run)
    before = stories.story(run.pk).legs[0].others
    votes.record(late, council.hold(run, 1.0), latency_ms=1.0, now=council.later(run, 2))
    assert stories.story(run.pk).legs[0].others == before


def test_an_open_run_has_no_readings() -> None:
    assert stories.story(split(Method.WEIGHTED_MAJORITY).pk).legs[0].others == ()


def test_an_answer_that_cannot_be_read_any_more_counts_for_nothing() -> None:
    run = closed(split(Method.WEIGHTED_MAJORITY))
    run.votes.filter(voter="trend").update(answers=[{"symbol": 1}])
    counted = readings.counted(run.votes.select_related("voter"))
    told = readings.reading(run, counted, "BTC/USD", Method.WEIGHTED_MAJORITY)
    assert (told.outcome, leg_of(run).outcome) == ("SELL", "BUY")


def test_asking_again_keeps_the_method() -> None:
    old = closed(split(Method.LOG_OPINION_POOL))
    again = councils.ask_again(old.pk, requested_by="Ann", now=council.later(old, 60))
    assert again.method == "log_opinion_pool"


@pytest.mark.parametrize("name", ["dictator", "", "WEIGHTED_MAJORITY"])
def test_an_unknown_method_is_refused_with_the_four_there_are(name: str) -> None:
    told = (
        f"method={name!r} cannot be used: give weighted_majority or confidence_average "
        "or risk_adjusted or log_opinion_pool"
    )
    with pytest.raises(BadInput) as caught:
        council.opened(method=name)
    assert str(caught.value) == told
    assert not models.Run.objects.exists()


@pytest.mark.parametrize("table", [models.Run, models.Schedule])
def test_the_database_refuses_a_method_that_nobody_knows(table: type[models.Run | models.Schedule]) -> None:
    council.opened()
    with pytest.raises(IntegrityError, match="method_known"), transaction.atomic():
        table.objects.update(method="dictator")
