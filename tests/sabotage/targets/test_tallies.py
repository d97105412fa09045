"""What the ballot box takes: answers that were in when the run closed, and no others."""

import pytest

from providers.voters.types import Action, RiskLevel
from thalas.domain import tallies
from thalas.domain.votes import CheckedAnswer, Stance

YES = CheckedAnswer(
    symbol="BTC/USD",
    stance=Stance.CAST,
    reasoning="up",
    action=Action.BUY,
    confidence=0.9,
    risk_level=RiskLevel.LOW,
)


def vote(state: str) -> tallies.CountedVote:
    """Return a vote in *state* whose answer is a BUY."""
    return tallies.CountedVote(voter=state, weight=1.0, model="m", family="f", state=state, answers=(YES,))


@pytest.mark.parametrize("state", ["late", "missing"])
def test_a_late_vote_is_a_lost_one_whatever_it_says(state: str) -> None:
    tally = tallies.count([vote("cast"), vote(state)], "BTC/USD")
    assert [ballot.voter for ballot in tally.ballots] == ["cast"]
    assert (tally.panel, tally.abstained, tally.lost) == (2, 0, 1)
