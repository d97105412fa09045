"""Early close: never another outcome than waiting, whatever comes late."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.voters.types import Action
from thalas.domain.consensus import Ballot, Outcome, Rules, weighted_majority
from thalas.domain.early_closes import is_settled


def ballot(action: str, confidence: float, weight: float = 1.0) -> Ballot:
    return Ballot(voter="v", action=Action(action), weight=weight, confidence=confidence)


def test_a_lead_larger_than_all_that_is_to_come_is_settled() -> None:
    # BUY 2.7 against nothing; one voter of weight 1 can add at most 1.0 to SELL.
    assert is_settled([ballot("BUY", 0.9)] * 3, [1.0], Rules(panel=4, quorum=2))


def test_a_lead_of_just_what_is_to_come_is_not() -> None:
    assert not is_settled([ballot("BUY", 1.0)], [1.0], Rules(panel=2, quorum=1))


def test_a_quorum_that_can_still_fail_is_not_settled() -> None:
    assert not is_settled([ballot("BUY", 1.0)] * 2, [0.1], Rules(panel=3, quorum=3))


def test_a_quorum_that_can_no_longer_be_reached_is_settled() -> None:
    votes, rules = [ballot("BUY", 1.0)], Rules(panel=5, quorum=3)
    assert is_settled(votes, [1.0], rules)
    assert weighted_majority(votes, rules).outcome is Outcome.NO_DECISION


def test_an_agreement_that_can_still_fall_below_the_minimum_is_not_settled() -> None:
    # 1.8 / (1.8 + 1) = 0.64: enough for 0.60, not for 0.65.
    votes = [ballot("BUY", 0.9)] * 2
    assert is_settled(votes, [1.0], Rules(panel=3, quorum=1, min_agreement=0.60))
    assert not is_settled(votes, [1.0], Rules(panel=3, quorum=1, min_agreement=0.65))


def test_a_confidence_that_can_still_fall_below_the_minimum_is_not_settled() -> None:
    # Worst case 1.8 / 3 × (0.7 + 0.3 × 2/3) = 0.54.
    votes = [ballot("BUY", 0.9)] * 2
    assert is_settled(votes, [1.0], Rules(panel=3, quorum=1, min_confidence=0.53))
    assert not is_settled(votes, [1.0], Rules(panel=3, quorum=1, min_confidence=0.55))


def test_a_weight_that_is_no_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="outstanding weights"):
        is_settled([], [-1.0], Rules(panel=1, quorum=1))


weights = st.floats(0, 10) | st.sampled_from([0.0, 1.0, 2.0])
shares = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
cast = st.builds(
    Ballot, voter=st.just("v"), action=st.sampled_from(list(Action)), weight=weights, confidence=shares
)
rules = st.builds(
    Rules,
    panel=st.just(9),
    quorum=st.integers(0, 6),
    min_confidence=st.floats(0, 0.9),
    min_agreement=st.floats(0, 0.9),
)
replies = st.none() | st.tuples(st.sampled_from(list(Action)), shares)


@settings(max_examples=1_500, deadline=None)
@given(st.lists(cast, max_size=6), st.lists(st.tuples(weights, replies), min_size=1, max_size=3), rules)
def test_whatever_comes_late_the_outcome_is_the_one_that_was_closed_with(
    votes: list[Ballot],
    late: list[tuple[float, tuple[Action, float] | None]],
    agreed: Rules,
) -> None:
    if not is_settled(votes, [weight for weight, _ in late], agreed):
        return
    extra = [
        Ballot(voter="late", action=reply[0], weight=weight, confidence=reply[1])
        for weight, reply in late
        if reply is not None
    ]
    assert weighted_majority(votes + extra, agreed).outcome is weighted_majority(votes, agreed).outcome


@settings(max_examples=250, deadline=None)
@given(st.lists(cast, min_size=1, max_size=5), st.lists(weights, min_size=1, max_size=2), rules)
def test_no_extreme_answer_changes_a_settled_outcome(
    votes: list[Ballot], outstanding: list[float], agreed: Rules
) -> None:
    if not is_settled(votes, outstanding, agreed):
        return
    settled = weighted_majority(votes, agreed).outcome
    extremes = [None, *itertools.product(Action, (0.0, 1.0))]
    for replies_at_once in itertools.product(extremes, repeat=len(outstanding)):
        extra = [
            Ballot(voter="late", action=reply[0], weight=weight, confidence=reply[1])
            for weight, reply in zip(outstanding, replies_at_once, strict=True)
            if reply is not None
        ]
        assert weighted_majority(votes + extra, agreed).outcome is settled


@settings(max_examples=300, deadline=None)
@given(st.lists(cast, min_size=3, max_size=6))
def test_a_clear_council_is_settled_more_often_than_never(votes: list[Ballot]) -> None:
    agreed = [Ballot(voter="v", action=Action.BUY, weight=1.0, confidence=0.9) for _ in votes]
    assert is_settled(agreed, [1.0], Rules(panel=9, quorum=2, min_agreement=0.55, min_confidence=0.35))
