"""Early close: never another outcome than waiting, for every method, whatever comes late."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.voters.types import Action, RiskLevel
from tests.domain.ballots import ballot
from thalas.domain.consensus import Ballot, Outcome, Rules
from thalas.domain.early_closes import is_settled
from thalas.domain.methods import Method, aggregate

EVERY_METHOD = pytest.mark.parametrize("method", list(Method))
# What a voter to come may say: nothing, or any action at either end of confidence and risk.
EXTREMES = (
    None,
    *(
        ballot(action.value, confidence, risk_level=risk)
        for action in Action
        for confidence in (0.0, 1.0)
        for risk in (RiskLevel.LOW, RiskLevel.HIGH)
    ),
)


def turned_by(
    votes: Sequence[Ballot], outstanding: Sequence[float], rules: Rules, method: Method
) -> tuple[Ballot | None, ...] | None:
    """Return late votes that change the outcome of *votes*, None if none of the extremes does."""
    now = aggregate(method, votes, rules).outcome
    for said in itertools.product(EXTREMES, repeat=len(outstanding)):
        late = [
            replace(one, weight=weight, model=model)
            for one, weight, model in zip(said, outstanding, ("m", ""), strict=False)
            if one is not None
        ]
        if aggregate(method, [*votes, *late], rules).outcome is not now:
            return said
    return None


# --- the weighted majority -------------------------------------------------------------------------


def test_a_lead_larger_than_all_that_is_to_come_is_settled() -> None:
    # BUY 2.7 against nothing; one voter of weight 1 can add at most 1.0 to SELL.
    assert is_settled([ballot("BUY", 0.9)] * 3, [1.0], Rules(panel=4, quorum=2))


def test_a_lead_of_just_what_is_to_come_is_not() -> None:
    assert not is_settled([ballot("BUY", 1.0)], [1.0], Rules(panel=2, quorum=1))


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


# --- the other methods: just inside and just outside their bounds ------------------------------------


def test_a_risk_adjusted_lead_counts_what_is_to_come_in_full() -> None:
    # BUY 2 × 0.6 × 1 = 1.2: more than 1.1 that a vote of low risk may add, less than 1.3.
    votes, rules = [ballot("BUY", 1.0, risk_level=RiskLevel.HIGH)] * 2, Rules(panel=3, quorum=1)
    assert is_settled(votes, [1.1], rules, Method.RISK_ADJUSTED)
    assert not is_settled(votes, [1.3], rules, Method.RISK_ADJUSTED)
    assert turned_by(votes, [1.3], rules, Method.RISK_ADJUSTED)


def test_an_average_is_settled_if_a_last_vote_against_it_leaves_two_tenths() -> None:
    # (3 × 0.8 - w) / (3 + w): 0.233 for w = 1.38, 0.167 for w = 1.63, 0.2 for w = 1.5.
    votes, rules = [ballot("BUY", 0.8)] * 3, Rules(panel=4, quorum=1)
    sellers = [replace(vote, action=Action.SELL) for vote in votes]
    for sides in (votes, sellers):
        assert is_settled(sides, [1.49], rules, Method.CONFIDENCE_AVERAGE)
        assert not is_settled(sides, [1.51], rules, Method.CONFIDENCE_AVERAGE)
        assert turned_by(sides, [1.51], rules, Method.CONFIDENCE_AVERAGE)


def test_an_average_holds_for_good_if_a_last_vote_leaves_it_within_two_tenths() -> None:
    # (0.1 + w) / (4 + w): 0.2 for w = 0.875.
    votes, rules = [ballot("BUY", 0.1), *[ballot("HOLD", 1.0)] * 3], Rules(panel=5, quorum=1)
    assert is_settled(votes, [0.87], rules, Method.CONFIDENCE_AVERAGE)
    assert not is_settled(votes, [0.88], rules, Method.CONFIDENCE_AVERAGE)
    assert turned_by(votes, [0.88], rules, Method.CONFIDENCE_AVERAGE)


def test_an_average_of_no_weight_at_all_holds_for_good() -> None:
    rules = Rules(panel=2, quorum=1)
    assert is_settled([ballot("BUY", 1.0, 0.0)], [0.0], rules, Method.CONFIDENCE_AVERAGE)


def test_a_pool_is_settled_if_its_lead_is_larger_than_what_one_sure_vote_can_move() -> None:
    # Ten votes lead by 10 × ln(0.9 / 0.05) = 28.9; a sure vote moves ln((1 - 1e-9) / 5e-10) = 21.4 for
    # each unit of its weight, so 1.34 is safe and 1.36 is not.
    votes, rules = [ballot("BUY", 0.9, model="m")] * 10, Rules(panel=11, quorum=1)
    assert is_settled(votes, [1.34], rules, Method.LOG_OPINION_POOL)
    assert not is_settled(votes, [1.36], rules, Method.LOG_OPINION_POOL)
    assert turned_by(votes, [1.36], rules, Method.LOG_OPINION_POOL)


def test_a_pool_whose_confidence_can_still_fall_below_the_minimum_is_not_settled() -> None:
    # The lead left is 28.9 - 0.5 × 21.4 = 18.2, over all the weight 1.73: at least 0.74,
    # which is 1 / (1 + 2·e^-1.73).
    votes = [ballot("BUY", 0.9, model="m")] * 10
    for minimum, is_safe in ((0.73, True), (0.75, False)):
        rules = Rules(panel=11, quorum=1, min_confidence=minimum)
        assert is_settled(votes, [0.5], rules, Method.LOG_OPINION_POOL) is is_safe


def test_a_pool_seldom_closes_early() -> None:
    votes, rules = [ballot("BUY", 0.8)] * 4, Rules(panel=5, quorum=3)
    assert is_settled(votes, [1.0], rules)
    assert not is_settled(votes, [1.0], rules, Method.LOG_OPINION_POOL)
    assert turned_by(votes, [1.0], rules, Method.LOG_OPINION_POOL)


# --- every method ----------------------------------------------------------------------------------


@EVERY_METHOD
def test_a_quorum_that_can_still_fail_is_not_settled(method: Method) -> None:
    assert not is_settled([ballot("BUY", 1.0)] * 2, [0.0], Rules(panel=3, quorum=3), method)


@EVERY_METHOD
def test_a_quorum_that_can_no_longer_be_reached_is_settled(method: Method) -> None:
    votes, rules = [ballot("BUY", 1.0)], Rules(panel=5, quorum=3)
    assert is_settled(votes, [1.0], rules, method)
    assert aggregate(method, votes, rules).outcome is Outcome.NO_DECISION


@EVERY_METHOD
def test_a_clear_council_is_settled_and_a_split_one_is_not(method: Method) -> None:
    # One to come weighs a hundredth: no method lets it turn five who agree, nor a minimum be missed.
    rules = Rules(panel=6, quorum=3, min_agreement=0.55, min_confidence=0.35)
    for action in Action:
        assert is_settled([ballot(action.value, 0.9)] * 5, [0.01], rules, method)
    assert not is_settled([ballot("BUY", 0.9), ballot("SELL", 0.1)] * 2, [2.0], rules, method)


@EVERY_METHOD
def test_a_weight_that_is_no_weight_is_refused(method: Method) -> None:
    for bad in (-1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="outstanding weights"):
            is_settled([], [bad], Rules(panel=1, quorum=1), method)


@EVERY_METHOD
def test_no_answer_changes_a_settled_outcome_of_any_small_council(method: Method) -> None:
    kinds = [
        ballot(action.value, confidence, weight, model="m")
        for action in Action
        for confidence in (0.35, 1.0)
        for weight in (1.0, 3.0)
    ]
    minimums = ((0.0, 0.0), (0.35, 0.55))
    found = set()
    for size in (1, 2, 3):
        for votes in itertools.combinations_with_replacement(kinds, size):
            pending = [[0.1], [1.0], *([[0.4, 0.0]] if size < 3 else [])]
            for outstanding, (confidence, agreement) in itertools.product(pending, minimums):
                rules = Rules(5, 2, min_confidence=confidence, min_agreement=agreement)
                if is_settled(votes, outstanding, rules, method):
                    assert turned_by(votes, outstanding, rules, method) is None, (votes, outstanding, rules)
                    found.add(aggregate(method, votes, rules).outcome)
    assert found >= {Outcome.BUY, Outcome.SELL, Outcome.HOLD}


weights = st.floats(0, 10) | st.sampled_from([0.0, 1e-9, 0.01, 1.0, 2.0, 1e6])
shares = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0])
cast = st.builds(
    Ballot,
    voter=st.just("v"),
    action=st.sampled_from(list(Action)),
    weight=weights,
    confidence=shares,
    risk_level=st.sampled_from(list(RiskLevel)),
    model=st.sampled_from(["", "a", "b"]),
    family=st.sampled_from(["", "analyst", "x"]),
)
agreeing = st.builds(
    lambda votes, action: [replace(v, action=action) for v in votes],
    st.lists(cast, max_size=6),
    st.sampled_from(list(Action)),
)
rules = st.builds(
    Rules,
    panel=st.just(9),
    quorum=st.integers(0, 6),
    min_confidence=st.just(0.0) | st.floats(0, 0.9),
    min_agreement=st.just(0.0) | st.floats(0, 0.9),
)


@settings(max_examples=1_500, deadline=None)
@given(
    st.lists(cast, max_size=6) | agreeing,
    st.lists(st.tuples(weights | st.just(0.01), st.none() | cast), min_size=1, max_size=3),
    rules,
    st.sampled_from(list(Method)),
)
def test_whatever_comes_late_the_outcome_is_the_one_that_was_closed_with(
    votes: list[Ballot], late: list[tuple[float, Ballot | None]], agreed: Rules, method: Method
) -> None:
    if not is_settled(votes, [weight for weight, _ in late], agreed, method):
        return
    extra = [replace(reply, weight=weight) for weight, reply in late if reply is not None]
    now, then = aggregate(method, votes, agreed), aggregate(method, [*votes, *extra], agreed)
    assert then.outcome is now.outcome


@settings(max_examples=600, deadline=None)
@given(
    st.lists(cast, min_size=1, max_size=5) | agreeing,
    st.lists(weights | st.just(0.01), min_size=1, max_size=2),
    rules,
    st.sampled_from(list(Method)),
)
def test_no_extreme_answer_changes_a_settled_outcome(
    votes: list[Ballot], outstanding: list[float], agreed: Rules, method: Method
) -> None:
    if is_settled(votes, outstanding, agreed, method):
        assert turned_by(votes, outstanding, agreed, method) is None
