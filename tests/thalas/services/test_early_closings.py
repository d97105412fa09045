"""Early close: decided once no answer to come can change an outcome, where the run allows it."""

import pytest

from providers.errors import ErrorKind
from providers.voters.types import Action, Answer
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.domain.methods import Method
from thalas.services import closings, votes

pytestmark = pytest.mark.usefixtures("house")

PANEL = ("breakout", "mean_reversion", "momentum", "trend", "volatility")


def opened(*symbols: str) -> models.Run:
    """Open a run that may close early; its account's thresholds are out of the way."""
    models.Account.objects.update(min_confidence=0.0, min_agreement=0.0)
    return council.opened(*symbols, may_close_early=True)


def hold(run: models.Run) -> Answer:
    """Return an answer that holds at full confidence: 1 of weight against whatever is to come."""
    return council.hold(run, confidence=1.0)


def settle(run: models.Run, after_s: float = 2.0) -> bool:
    """Look once whether *run* is decided."""
    return closings.close_if_settled(run.pk, now=council.later(run, after_s))


def test_a_run_closes_early_once_the_rest_cannot_change_its_outcome_and_not_before() -> None:
    # All weigh 1. After three, S(HOLD) = 1.8 against at most 2 to come; after four, 2.4 against 1.
    run = opened()
    unsure = council.hold(run, confidence=0.6)
    council.answered(run, dict.fromkeys(PANEL[:3], unsure))
    assert settle(run) is False
    council.answered(run, {PANEL[3]: unsure})
    assert settle(run) is True
    run.refresh_from_db()
    assert (run.state, run.closed_by) == ("closed", "early")
    assert run.close_reason == "no answer of the 1 still to come could change an outcome"


def test_a_run_closes_early_by_the_bound_of_its_own_method() -> None:
    # Four hold at 0.6, one is to come. By majority 2.4 beats 1, and no average leaves 1/5. A pool of theirs
    # leads by 4 × ln(0.6/0.2) = 4.4, and one sure vote moves 21.
    closes = {}
    for method in Method:
        models.Account.objects.update(min_confidence=0.0, min_agreement=0.0)
        run = council.opened(may_close_early=True, method=method.value)
        council.answered(run, dict.fromkeys(PANEL[:4], council.hold(run, confidence=0.6)))
        closes[method.value] = settle(run)
    assert closes == {
        "weighted_majority": True,
        "confidence_average": False,
        "risk_adjusted": True,
        "log_opinion_pool": False,
    }


def test_who_is_not_waited_for_is_waived_and_does_not_degrade_the_decision() -> None:
    run = opened()
    council.answered(run, dict.fromkeys(PANEL[:3], hold(run)))
    asked = council.claimed(run, PANEL[3])
    assert settle(run)
    votes_now = {vote.voter_id: (vote.state, vote.error_kind) for vote in run.votes.all()}
    assert votes_now[PANEL[3]] == ("waived", ErrorKind.NO_ANSWER)
    assert votes_now[PANEL[4]] == ("waived", ErrorKind.NOT_ASKED)
    decision = models.Decision.objects.get(run=run)
    assert (decision.heard, decision.panel, decision.is_degraded) == (3, 5, False)
    assert votes.record(asked, hold(run), latency_ms=9.0, now=council.later(run, 9)) == "late"
    late = run.votes.get(voter_id=PANEL[3])
    assert (late.state, late.error_kind) == ("late", "")
    assert models.Decision.objects.get(run=run).heard == 3


def test_a_run_that_may_not_close_early_waits_for_all() -> None:
    run = council.opened()
    council.answered(run, dict.fromkeys(PANEL[:4], hold(run)))
    assert settle(run) is False
    run.refresh_from_db()
    assert run.state == "open"


def test_every_symbol_has_to_be_decided() -> None:
    run = opened("BTC/USD", "ETH/USD")
    # BTC/USD is held by all three; ETH/USD has one vote for each action, and two to come.
    for voter, action in zip(PANEL, (Action.HOLD, Action.BUY, Action.SELL), strict=False):
        on_btc = council.opinion(run, Action.HOLD, 1.0, symbol="BTC/USD")
        on_eth = council.opinion(run, action, 1.0, symbol="ETH/USD")
        council.answered(run, {voter: Answer(opinions=(on_btc, on_eth))})
    assert settle(run) is False


def test_with_every_vote_in_the_chord_closes_and_nothing_is_early() -> None:
    run = opened()
    council.everyone(run, hold(run))
    assert settle(run) is False
    assert closings.close_if_answered(run.pk, by=closings.CHORD, now=council.later(run, 2))
    run.refresh_from_db()
    assert run.closed_by == "chord"


def test_once_no_quorum_can_be_reached_nobody_is_waited_for() -> None:
    # Quorum is 3 of 5: three abstentions leave two who could cast.
    run = opened()
    council.answered(run, dict.fromkeys(PANEL[:3], council.abstain(run)))
    assert settle(run) is True
    assert models.DecisionLeg.objects.get(decision=run.pk).outcome == "NO_DECISION"


def test_the_worker_that_brings_the_deciding_answer_closes_the_run() -> None:
    # S(HOLD) = 2 at least, against 0.1 of each of the two to come, whatever the third says.
    run = opened()
    council.answered(run, dict.fromkeys(PANEL[:2], hold(run)))
    models.Run.objects.filter(pk=run.pk).update(quorum=2)
    run.votes.filter(voter_id__in=PANEL[2:]).update(weight=0.1)
    votes.ask(run_id=run.pk, voter=PANEL[2], clock=lambda: council.later(run, 1))
    run.refresh_from_db()
    assert (run.state, run.closed_by) == ("closed", "early")
    assert run.votes.filter(state="waived").count() == 2
