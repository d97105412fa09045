"""The consensus arithmetic: by hand, against an independent oracle, and by property."""

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.voters.types import Action, RiskLevel
from tests.domain import oracles
from thalas.domain.consensus import (
    MAX_WEIGHT,
    Ballot,
    Consensus,
    Outcome,
    Rules,
    default_quorum,
    effective_voters,
    weighted_majority,
)

ACTIONS = list(Action)
EXAMPLES = settings(max_examples=400, deadline=None)


def ballot(action: str, confidence: float, weight: float = 1.0, **more: object) -> Ballot:
    return Ballot(voter="v", action=Action(action), weight=weight, confidence=confidence, **more)  # type: ignore[arg-type]


def rules(panel: int, quorum: int = 1, **more: float) -> Rules:
    return Rules(panel=panel, quorum=quorum, **more)  # type: ignore[arg-type]


# Zero, or large enough that no product of the two vanishes in a float.
weights = st.just(0.0) | st.floats(1e-9, MAX_WEIGHT)
confidences = st.just(0.0) | st.floats(1e-9, 1)
ballots = st.builds(
    Ballot,
    voter=st.just("v"),
    action=st.sampled_from(ACTIONS),
    weight=weights,
    confidence=confidences,
    risk_level=st.sampled_from(list(RiskLevel)),
    stop=st.none() | st.floats(0.01, 1e6),
    target=st.none() | st.floats(0.01, 1e6),
    model=st.sampled_from(["", "a", "b"]),
    family=st.sampled_from(["", "analyst", "x", "y"]),
)
councils = st.lists(ballots, max_size=9)


def numbers(consensus: Consensus) -> list[float]:
    scores = list(consensus.scores.values())
    levels = [level for level in (consensus.stop, consensus.target) if level is not None]
    return [consensus.confidence, consensus.agreement, consensus.n_eff, *scores, *levels]


def test_the_largest_sum_of_weight_times_confidence_wins() -> None:
    # S(BUY) = 1·0.8 + 2·0.6 = 2.0; S(SELL) = 1·0.9; agreement 2.0/2.9; confidence 2.0/3 × (0.7 + 0.3·2/3)
    votes = [ballot("BUY", 0.8), ballot("BUY", 0.6, 2.0), ballot("SELL", 0.9)]
    consensus = weighted_majority(votes, rules(3))
    assert consensus.outcome is Outcome.BUY
    assert consensus.scores == {Action.BUY: pytest.approx(2.0), Action.SELL: 0.9, Action.HOLD: 0.0}
    assert consensus.agreement == pytest.approx(2.0 / 2.9)
    assert consensus.confidence == pytest.approx(2.0 / 3 * 0.9)


def test_a_winner_below_the_agreed_agreement_is_a_hold_that_says_so() -> None:
    votes = [ballot("BUY", 0.6), ballot("BUY", 0.6), ballot("SELL", 0.55), ballot("SELL", 0.55)]
    consensus = weighted_majority(votes, rules(4, min_agreement=0.55))
    assert consensus.outcome is Outcome.HOLD
    assert consensus.arithmetic == "HOLD: BUY 1.20 against SELL 1.10, agreement 0.52 below 0.55"


def test_an_agreement_exactly_at_the_minimum_is_enough() -> None:
    votes = [ballot("BUY", 0.75), ballot("SELL", 0.25)]
    assert weighted_majority(votes, rules(2, min_agreement=0.75)).outcome is Outcome.BUY


def test_a_confidence_below_the_minimum_is_a_hold_that_says_so() -> None:
    consensus = weighted_majority([ballot("SELL", 0.3)], rules(1, min_confidence=0.35))
    assert consensus.outcome is Outcome.HOLD
    assert consensus.arithmetic == "HOLD: SELL 0.30, confidence 0.30 below 0.35"


@pytest.mark.parametrize("gap", [0.0, 5e-10, -5e-10])
def test_a_tie_within_a_billionth_is_a_hold(gap: float) -> None:
    consensus = weighted_majority([ballot("BUY", 0.5), ballot("SELL", 0.5 + gap)], rules(2))
    assert consensus.outcome is Outcome.HOLD
    assert consensus.arithmetic.endswith("a tie")
    assert (consensus.stop, consensus.target) == (None, None)


def test_a_lead_of_two_billionths_is_no_tie() -> None:
    consensus = weighted_majority([ballot("BUY", 0.5), ballot("SELL", 0.5 + 2e-9)], rules(2))
    assert consensus.outcome is Outcome.SELL


def test_below_quorum_there_is_no_decision_and_it_is_degraded() -> None:
    consensus = weighted_majority([ballot("BUY", 1.0)], rules(5, quorum=3, lost=4))
    assert consensus.outcome is Outcome.NO_DECISION
    assert consensus.is_degraded
    assert (consensus.confidence, consensus.agreement, consensus.stop) == (0.0, 0.0, None)
    assert consensus.arithmetic == "NO_DECISION: 1 of 5 voters cast a vote, 3 are needed"


@pytest.mark.parametrize("quorum", [0, 1, 3])
def test_a_council_of_abstentions_decides_nothing(quorum: int) -> None:
    assert weighted_majority([], rules(5, quorum=quorum)).outcome is Outcome.NO_DECISION


def test_weights_of_zero_carry_nothing_and_divide_nothing() -> None:
    consensus = weighted_majority([ballot("BUY", 0.9, 0.0), ballot("BUY", 0.8, 0.0)], rules(2))
    assert consensus.outcome is Outcome.HOLD
    assert (consensus.agreement, consensus.confidence, consensus.n_eff) == (0.0, 0.0, 0.0)


def test_one_voter_alone_decides_at_its_own_confidence() -> None:
    consensus = weighted_majority([ballot("SELL", 0.7, stop=110.0, target=80.0)], rules(1))
    assert consensus.outcome is Outcome.SELL
    assert consensus.confidence == pytest.approx(0.7)
    assert (consensus.agreement, consensus.n_eff) == (1.0, 1.0)
    assert (consensus.stop, consensus.target) == (110.0, 80.0)


def test_stop_and_target_are_the_medians_of_the_supporters_only() -> None:
    votes = [
        ballot("BUY", 0.9, stop=90.0, target=120.0),
        ballot("BUY", 0.9, stop=94.0),
        ballot("BUY", 0.9, stop=98.0, target=130.0),
        ballot("SELL", 0.9, stop=105.0, target=50.0),
    ]
    consensus = weighted_majority(votes, rules(4))
    assert (consensus.stop, consensus.target) == (94.0, 125.0)


def test_the_highest_risk_among_the_supporters_is_told() -> None:
    votes = [
        ballot("BUY", 0.9, risk_level=RiskLevel.LOW),
        ballot("BUY", 0.9, risk_level=RiskLevel.MEDIUM),
        ballot("SELL", 0.1, risk_level=RiskLevel.HIGH),
    ]
    assert weighted_majority(votes, rules(3)).risk_level is RiskLevel.MEDIUM


def test_a_lost_voter_degrades_and_an_abstention_does_not() -> None:
    vote = ballot("BUY", 0.9)
    assert weighted_majority([vote], rules(2, lost=1)).is_degraded
    assert not weighted_majority([vote], rules(2, lost=0)).is_degraded


@pytest.mark.parametrize(("panel", "quorum"), [(1, 1), (2, 1), (3, 2), (5, 3), (9, 5)])
def test_the_default_quorum_is_half_the_panel_rounded_up(panel: int, quorum: int) -> None:
    assert default_quorum(panel) == quorum


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, MAX_WEIGHT * 2])
def test_a_weight_that_is_no_weight_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="weight of v"):
        ballot("BUY", 0.5, bad)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_a_confidence_outside_zero_to_one_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="confidence of v"):
        ballot("BUY", bad)


def test_voters_of_one_family_count_for_less_than_as_many_strangers() -> None:
    # Analysts: 4² / (4 + 12·0.5) = 1.6; strangers: 16 / (4 + 12·0.3) = 2.105; one model four times: 1.
    analysts = [ballot("BUY", 0.5, family="analyst", model=str(n)) for n in range(4)]
    strangers = [ballot("BUY", 0.5, family=str(n), model=str(n)) for n in range(4)]
    twins = [ballot("BUY", 0.5, family="x", model="m") for _ in range(4)]
    vendor = [ballot("BUY", 0.5, family="x", model=str(n)) for n in range(4)]
    found = [effective_voters(group) for group in (analysts, strangers, vendor, twins)]
    assert found == [pytest.approx(n) for n in (1.6, 16 / 7.6, 16 / 12.4, 1.0)]


@EXAMPLES
@given(councils, st.integers(0, 9), st.floats(0, 1), st.floats(0, 1))
def test_it_agrees_with_an_independent_oracle(
    votes: list[Ballot], quorum: int, min_confidence: float, min_agreement: float
) -> None:
    plain = [(vote.action.value, vote.weight, vote.confidence) for vote in votes]
    expected = oracles.weighted_majority(plain, 9, quorum, min_confidence, min_agreement)
    found = weighted_majority(
        votes, rules(9, quorum, min_confidence=min_confidence, min_agreement=min_agreement)
    )
    assert found.outcome.value == expected["decision"]
    if found.outcome is not Outcome.NO_DECISION:
        assert found.agreement == pytest.approx(float(expected["agreement"]), abs=1e-9)
        assert found.confidence == pytest.approx(float(expected["confidence"]), abs=1e-9)


@EXAMPLES
@given(councils, st.randoms(use_true_random=False), st.integers(1, 5))
def test_the_order_of_votes_changes_nothing(votes: list[Ballot], random: object, quorum: int) -> None:
    shuffled = list(votes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = weighted_majority(votes, rules(9, quorum)), weighted_majority(shuffled, rules(9, quorum))
    assert replace(one, n_eff=0.0) == replace(other, n_eff=0.0)
    assert one.n_eff == pytest.approx(other.n_eff)


@EXAMPLES
@given(councils.filter(bool), st.data())
def test_more_weight_behind_the_winner_never_loses_it(votes: list[Ballot], data: st.DataObject) -> None:
    before = weighted_majority(votes, rules(9))
    supporters = [n for n, vote in enumerate(votes) if vote.action.value == before.outcome.value]
    if not supporters:
        return
    chosen = data.draw(st.sampled_from(supporters))
    raised = data.draw(st.floats(votes[chosen].weight, MAX_WEIGHT))
    after = [replace(vote, weight=raised) if n == chosen else vote for n, vote in enumerate(votes)]
    assert weighted_majority(after, rules(9)).outcome is before.outcome


@EXAMPLES
@given(councils, st.integers(0, 9))
def test_every_number_that_comes_out_is_finite_and_in_range(votes: list[Ballot], quorum: int) -> None:
    consensus = weighted_majority(votes, rules(9, quorum))
    assert all(math.isfinite(number) for number in numbers(consensus))
    assert 0 <= consensus.confidence <= 1
    assert 0 <= consensus.agreement <= 1
    assert 0 <= consensus.n_eff <= len(votes) + 1e-9


@EXAMPLES
@given(st.lists(st.tuples(weights, st.floats(0, 1)), min_size=1, max_size=6))
def test_a_council_split_evenly_between_both_sides_holds(sides: list[tuple[float, float]]) -> None:
    votes = [
        Ballot(voter="v", action=action, weight=weight, confidence=confidence)
        for weight, confidence in sides
        for action in (Action.BUY, Action.SELL)
    ]
    assert weighted_majority(votes, rules(12)).outcome is Outcome.HOLD


@EXAMPLES
@given(st.lists(st.tuples(weights, st.floats(0, 1)), min_size=1, max_size=6))
def test_the_effective_number_of_strangers_agrees_with_an_independent_oracle(
    members: list[tuple[float, float]],
) -> None:
    votes = [
        Ballot(voter="v", action=Action.BUY, weight=w, confidence=c, model=str(n), family=str(n))
        for n, (w, c) in enumerate(members)
    ]
    rho = [[1.0 if i == j else 0.3 for j in range(len(votes))] for i in range(len(votes))]
    expected = float(oracles.n_eff([vote.weight for vote in votes], rho))
    assert effective_voters(votes) == pytest.approx(expected, rel=1e-9)
