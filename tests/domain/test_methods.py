"""The four methods: by hand, against independent oracles, and by what must hold for all of them."""

import math
import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from providers.voters.types import Action, RiskLevel
from tests.domain import oracles
from tests.domain.ballots import ballot, ballots, confidences, councils, rules, weights
from thalas.domain import methods
from thalas.domain.consensus import MAX_WEIGHT, TIE, Ballot, Consensus, Outcome
from thalas.domain.independence import effective_voters
from thalas.domain.methods import (
    Method,
    aggregate,
    confidence_average,
    log_opinion_pool,
    one_voter_one_vote,
    risk_adjusted,
    weighted_majority,
)

EXAMPLES = settings(max_examples=300, deadline=None)
every_method = st.sampled_from(list(Method))
MIRROR = {Action.BUY: Action.SELL, Action.SELL: Action.BUY, Action.HOLD: Action.HOLD}


def numbers(consensus: Consensus) -> list[float]:
    scores = list(consensus.scores.values())
    levels = [level for level in (consensus.stop, consensus.target) if level is not None]
    return [consensus.confidence, consensus.agreement, consensus.n_eff, *scores, *levels]


# --- weighted majority -----------------------------------------------------------------------------


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


# --- confidence average ----------------------------------------------------------------------------


def test_an_average_beyond_two_tenths_is_a_side() -> None:
    # (1·0.8 + 2·0.6 - 1·0.5) / 4 = 0.375; S(BUY) = 2.0 of 2.5; confidence 2.0/3 × (0.7 + 0.3·2/3) = 0.6
    votes = [ballot("BUY", 0.8), ballot("BUY", 0.6, 2.0), ballot("SELL", 0.5)]
    consensus = confidence_average(votes, rules(3))
    assert consensus.outcome is Outcome.BUY
    assert consensus.agreement == pytest.approx(0.8)
    assert consensus.confidence == pytest.approx(0.6)
    assert consensus.arithmetic == (
        "BUY: average +0.38 against ±0.20, BUY 2.00 against SELL 0.50, agreement 0.80, confidence 0.60"
    )


def test_an_average_within_two_tenths_holds_whatever_a_majority_would_say() -> None:
    # (0.9 - 0.6) / 3 = 0.1, though S(BUY) = 0.9 is the largest; nobody holds, so there is no agreement.
    votes = [ballot("BUY", 0.9), ballot("SELL", 0.6), ballot("SELL", 0.0)]
    assert weighted_majority(votes, rules(3)).outcome is Outcome.BUY
    consensus = confidence_average(votes, rules(3))
    assert (consensus.outcome, consensus.agreement, consensus.confidence) == (Outcome.HOLD, 0.0, 0.0)
    assert consensus.arithmetic == (
        "HOLD: average +0.10 against ±0.20, BUY 0.90 against SELL 0.60, agreement 0.00"
    )


@pytest.mark.parametrize(
    ("action", "confidence", "outcome"),
    [
        ("BUY", 0.2, Outcome.BUY),
        ("SELL", 0.2, Outcome.SELL),
        ("BUY", 0.1999, Outcome.HOLD),
        ("SELL", 0.1999, Outcome.HOLD),
    ],
)
def test_an_average_of_just_two_tenths_is_enough(action: str, confidence: float, outcome: Outcome) -> None:
    assert confidence_average([ballot(action, confidence)], rules(1)).outcome is outcome


def test_an_average_of_two_tenths_is_enough_where_floats_make_less_of_it() -> None:
    votes = [ballot("BUY", 0.3), ballot("HOLD", 0.9, 0.5)]
    assert 0.3 / 1.5 < 0.2
    assert confidence_average(votes, rules(2)).outcome is Outcome.BUY


def test_a_holder_pulls_the_average_to_the_middle_by_its_weight_alone() -> None:
    votes = [ballot("SELL", 0.5), ballot("HOLD", 0.0, 2.0)]
    assert confidence_average(votes[:1], rules(1)).outcome is Outcome.SELL
    assert confidence_average(votes, rules(2)).outcome is Outcome.HOLD  # -0.5 / 3


# --- risk-adjusted ---------------------------------------------------------------------------------


def test_a_vote_that_calls_its_own_risk_high_weighs_less() -> None:
    # BUY 1 × 0.6 × 0.9 = 0.54 against SELL 1 × 1 × 0.6 = 0.60; by weights alone BUY 0.9 would win.
    votes = [ballot("BUY", 0.9, risk_level=RiskLevel.HIGH), ballot("SELL", 0.6, risk_level=RiskLevel.LOW)]
    assert weighted_majority(votes, rules(2)).outcome is Outcome.BUY
    consensus = risk_adjusted(votes, rules(2))
    assert consensus.outcome is Outcome.SELL
    assert consensus.scores == {Action.BUY: pytest.approx(0.54), Action.SELL: 0.6, Action.HOLD: 0.0}
    assert consensus.agreement == pytest.approx(0.6 / 1.14)
    assert consensus.confidence == pytest.approx(0.6 * 0.85)  # its only supporter, one of two: 0.7 + 0.3/2
    assert consensus.n_eff == pytest.approx(4 / 2.6)  # by the voters' own weights, 1 and 1


def test_a_medium_risk_is_cut_by_fifteen_hundredths() -> None:
    votes = [ballot("BUY", 0.8), ballot("SELL", 0.67, risk_level=RiskLevel.LOW)]
    assert risk_adjusted(votes, rules(2)).outcome is Outcome.BUY  # 0.85 × 0.8 = 0.68
    assert risk_adjusted([votes[0], replace(votes[1], confidence=0.69)], rules(2)).outcome is Outcome.SELL


# --- log-opinion pool ------------------------------------------------------------------------------


def test_distributions_are_multiplied() -> None:
    # Two of one model, n_eff = 1, so each has the power 1/2: BUY √(0.8 · 0.2) = 0.4, SELL √(0.1 · 0.6)
    # = 0.245, HOLD √(0.1 · 0.2) = 0.141; the sum is 0.786: p = 0.509, 0.312, 0.180.
    votes = [ballot("BUY", 0.8, model="m"), ballot("SELL", 0.6, model="m")]
    consensus = log_opinion_pool(votes, rules(2))
    whole = 0.4 + math.sqrt(0.06) + math.sqrt(0.02)
    assert methods.chances(votes) == {
        Action.BUY: pytest.approx(0.4 / whole),
        Action.SELL: pytest.approx(math.sqrt(0.06) / whole),
        Action.HOLD: pytest.approx(math.sqrt(0.02) / whole),
    }
    assert consensus.outcome is Outcome.BUY
    assert consensus.confidence == pytest.approx(0.4 / whole)
    assert consensus.agreement == pytest.approx(0.8 / 1.4)
    assert consensus.arithmetic == (
        "BUY: pooled BUY 0.51 against SELL 0.31 against HOLD 0.18, agreement 0.57, confidence 0.51"
    )


def test_one_voter_alone_is_as_sure_as_it_says() -> None:
    assert log_opinion_pool([ballot("SELL", 0.7)], rules(1)).confidence == pytest.approx(0.7)


def test_strangers_who_agree_are_surer_together_and_twins_are_not() -> None:
    # Strangers: n_eff = 4 / 2.6 = 1.538; 0.7^1.538 / (0.7^1.538 + 2 · 0.15^1.538) = 0.843.
    twins = [ballot("BUY", 0.7, model="m")] * 2
    strangers = [ballot("BUY", 0.7, model=name) for name in "ab"]
    assert log_opinion_pool(twins, rules(2)).confidence == pytest.approx(0.7)
    power = 4 / 2.6
    expected = 0.7**power / (0.7**power + 2 * 0.15**power)
    assert log_opinion_pool(strangers, rules(2)).confidence == pytest.approx(expected)


def test_nobody_is_so_sure_that_no_other_could_answer() -> None:
    votes = [ballot("BUY", 1.0), ballot("SELL", 1.0, 2.0)]
    consensus = log_opinion_pool(votes, rules(2))
    assert consensus.outcome is Outcome.SELL
    assert log_opinion_pool([votes[0], replace(votes[1], weight=1.0)], rules(2)).outcome is Outcome.HOLD


def test_votes_that_doubt_themselves_have_no_agreement() -> None:
    votes = [ballot("SELL", 0.0), ballot("HOLD", 0.0)]
    consensus = log_opinion_pool(votes, rules(2, min_agreement=0.01))
    assert (consensus.outcome, consensus.agreement) == (Outcome.HOLD, 0.0)
    assert "agreement 0.00 below 0.01" in consensus.arithmetic


def test_a_learned_correlation_changes_how_sure_a_pool_is() -> None:
    votes = [ballot("BUY", 0.7, model="m")] * 2
    alone = log_opinion_pool(votes, rules(2)).confidence
    assert log_opinion_pool(votes, rules(2), lambda one, other: 0.0).confidence > alone + 0.1


# --- the baseline ----------------------------------------------------------------------------------


def test_the_baseline_counts_each_vote_once_whatever_it_weighs_and_however_sure_it_is() -> None:
    votes = [ballot("BUY", 1.0, 9.0), ballot("SELL", 0.1), ballot("SELL", 0.1, 0.0)]
    consensus = weighted_majority(votes, rules(3))
    assert (consensus.outcome, consensus.baseline) == (Outcome.BUY, Outcome.SELL)


@pytest.mark.parametrize(
    ("actions", "quorum", "outcome"),
    [
        (["BUY", "SELL"], 1, Outcome.HOLD),
        (["BUY", "BUY", "SELL"], 1, Outcome.BUY),
        (["BUY", "HOLD"], 1, Outcome.HOLD),
        (["BUY", "BUY"], 3, Outcome.NO_DECISION),
        ([], 0, Outcome.NO_DECISION),
    ],
)
def test_a_baseline_is_what_most_votes_say(actions: list[str], quorum: int, outcome: Outcome) -> None:
    votes = [ballot(action, 0.5) for action in actions]
    assert one_voter_one_vote(votes, rules(5, quorum)) is outcome


# --- what holds for every method -------------------------------------------------------------------


@EXAMPLES
@example([ballot("BUY", 1.0, 1e-9)], 0, 0.0, 0.0, Method.WEIGHTED_MAJORITY)
@given(councils, st.integers(0, 9), st.floats(0, 1), st.floats(0, 1), every_method)
def test_it_agrees_with_an_independent_oracle(
    votes: list[Ballot], quorum: int, min_confidence: float, min_agreement: float, method: Method
) -> None:
    plain = [(vote.action.value, vote.weight, vote.confidence) for vote in votes]
    minimums = (9, quorum, min_confidence, min_agreement)
    match method:
        case Method.WEIGHTED_MAJORITY:
            expected = oracles.weighted_majority(plain, *minimums)
        case Method.CONFIDENCE_AVERAGE:
            expected = oracles.confidence_average(plain, *minimums)
        case Method.RISK_ADJUSTED:
            risks = [vote.risk_level.value for vote in votes]
            expected = oracles.risk_adjusted(plain, risks, *minimums)
        case Method.LOG_OPINION_POOL:
            expected = oracles.log_opinion_pool(plain, effective_voters(votes), *minimums)
            # The distance of two chances at which a tie begins is where float and exact sums may part.
            ranked = sorted(oracles.pool(plain, effective_voters(votes)).values(), reverse=True)
            assume(abs(float(ranked[0] - ranked[1]) - TIE) > 1e-12)
            assume(abs(expected["confidence"] - min_confidence) > 1e-12)
    found = aggregate(
        method, votes, rules(9, quorum, min_confidence=min_confidence, min_agreement=min_agreement)
    )
    assert found.outcome.value == expected["decision"]
    assert found.baseline.value == oracles.one_voter_one_vote([vote[0] for vote in plain], quorum)
    if found.outcome is not Outcome.NO_DECISION:
        assert found.agreement == pytest.approx(float(expected["agreement"]), abs=1e-9)
        assert found.confidence == pytest.approx(float(expected["confidence"]), abs=1e-9)


@EXAMPLES
@given(councils, st.integers(0, 2**32), st.integers(1, 5), every_method)
def test_the_order_of_votes_changes_nothing(
    votes: list[Ballot], seed: int, quorum: int, method: Method
) -> None:
    shuffled = Random(seed).sample(votes, len(votes))
    agreed = rules(9, quorum)
    assert aggregate(method, votes, agreed) == aggregate(method, shuffled, agreed)


@EXAMPLES
@given(st.lists(ballots, min_size=1, max_size=9), st.integers(-8, 0), every_method)
def test_only_the_proportions_of_weights_matter(votes: list[Ballot], power: int, method: Method) -> None:
    # Powers of two, so that no float is rounded; a lead in a majority may shrink into a tie.
    factor = 2.0**power
    before = aggregate(method, votes, rules(9))
    if method in (Method.WEIGHTED_MAJORITY, Method.RISK_ADJUSTED):
        first, second = sorted(before.scores.values(), reverse=True)[:2]
        assume(first == second or (first - second) * factor > TIE)
        assume(not 0 < first - second <= TIE)
    after = aggregate(method, [replace(vote, weight=vote.weight * factor) for vote in votes], rules(9))
    assert (after.outcome, after.baseline) == (before.outcome, before.baseline)
    assert after.confidence == pytest.approx(before.confidence)
    assert after.agreement == pytest.approx(before.agreement)


@EXAMPLES
@given(councils.filter(bool), st.data(), every_method)
def test_more_confidence_behind_the_outcome_never_loses_it(
    votes: list[Ballot], data: st.DataObject, method: Method
) -> None:
    before = aggregate(method, votes, rules(9))
    supporters = [n for n, vote in enumerate(votes) if vote.action.value == before.outcome.value]
    assume(supporters)
    chosen = data.draw(st.sampled_from(supporters))
    raised = data.draw(st.floats(votes[chosen].confidence, 1.0))
    after = [replace(vote, confidence=raised) if n == chosen else vote for n, vote in enumerate(votes)]
    assert aggregate(method, after, rules(9)).outcome is before.outcome


@EXAMPLES
@given(councils.filter(bool), st.data(), every_method)
def test_more_weight_behind_the_outcome_never_loses_it(
    votes: list[Ballot], data: st.DataObject, method: Method
) -> None:
    # An average is pulled down by the weight of who is less sure than it, a pool by who doubts itself.
    least = {Method.CONFIDENCE_AVERAGE: 0.25, Method.LOG_OPINION_POOL: 0.5}.get(method, 0.0)
    before = aggregate(method, votes, rules(9))
    supporters = [
        n
        for n, vote in enumerate(votes)
        if vote.action.value == before.outcome.value and vote.confidence >= least
    ]
    assume(supporters)
    chosen = data.draw(st.sampled_from(supporters))
    raised = data.draw(st.floats(votes[chosen].weight, MAX_WEIGHT))
    after = [replace(vote, weight=raised) if n == chosen else vote for n, vote in enumerate(votes)]
    assert aggregate(method, after, rules(9)).outcome is before.outcome


@EXAMPLES
@given(councils, st.integers(0, 9), every_method)
def test_every_number_that_comes_out_is_finite_and_in_range(
    votes: list[Ballot], quorum: int, method: Method
) -> None:
    consensus = aggregate(method, votes, rules(9, quorum))
    assert all(math.isfinite(number) for number in numbers(consensus))
    assert 0 <= consensus.confidence <= 1
    assert 0 <= consensus.agreement <= 1
    assert 0 <= consensus.n_eff <= len(votes) + 1e-9
    assert len(consensus.arithmetic) <= 300


@EXAMPLES
@given(councils, every_method)
def test_buyers_and_sellers_are_treated_alike(votes: list[Ballot], method: Method) -> None:
    mirrored = [replace(vote, action=MIRROR[vote.action]) for vote in votes]
    there, back = aggregate(method, votes, rules(9)), aggregate(method, mirrored, rules(9))
    sides = {"BUY": "SELL", "SELL": "BUY"}
    assert back.outcome.value == sides.get(there.outcome.value, there.outcome.value)
    assert (back.confidence, back.agreement) == (there.confidence, there.agreement)


@EXAMPLES
@given(st.lists(st.tuples(weights, confidences), min_size=1, max_size=6), every_method)
def test_a_council_split_evenly_between_both_sides_holds(
    sides: list[tuple[float, float]], method: Method
) -> None:
    votes = [ballot(action, confidence, weight) for weight, confidence in sides for action in ("BUY", "SELL")]
    assert aggregate(method, votes, rules(12)).outcome is Outcome.HOLD


@EXAMPLES
@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.5, 1)), min_size=1, max_size=6),
    st.sampled_from(["BUY", "SELL", "HOLD"]),
    every_method,
)
def test_who_all_agree_are_followed(sides: list[tuple[float, float]], action: str, method: Method) -> None:
    votes = [ballot(action, confidence, weight) for weight, confidence in sides]
    consensus = aggregate(method, votes, rules(6))
    assert (consensus.outcome, consensus.baseline) == (Outcome(action), Outcome(action))


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("quorum", [0, 1, 3])
def test_a_council_of_abstentions_decides_nothing(method: Method, quorum: int) -> None:
    consensus = aggregate(method, [], rules(5, quorum))
    assert (consensus.outcome, consensus.n_eff, consensus.is_degraded) == (Outcome.NO_DECISION, 0.0, True)


@pytest.mark.parametrize("method", list(Method))
def test_weights_of_zero_carry_nothing_and_divide_nothing(method: Method) -> None:
    consensus = aggregate(method, [ballot("BUY", 0.9, 0.0), ballot("BUY", 0.8, 0.0)], rules(2))
    assert consensus.outcome is Outcome.HOLD
    assert (consensus.agreement, consensus.n_eff, consensus.baseline) == (0.0, 0.0, Outcome.BUY)
    assert "no vote carries weight" in consensus.arithmetic


@pytest.mark.parametrize("method", list(Method))
def test_a_side_below_a_minimum_is_a_hold_without_levels_that_says_so(method: Method) -> None:
    votes = [ballot("BUY", 0.9, stop=90.0), ballot("SELL", 0.3, stop=110.0)]
    assert aggregate(method, votes, rules(2)).outcome is Outcome.BUY
    strict = {"confidence": rules(2, min_confidence=0.99), "agreement": rules(2, min_agreement=0.99)}
    for minimum, agreed in strict.items():
        consensus = aggregate(method, votes, agreed)
        assert (consensus.outcome, consensus.stop) == (Outcome.HOLD, None)
        assert re.search(rf"{minimum} 0\.\d\d below 0\.99$", consensus.arithmetic)
