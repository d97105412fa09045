"""The oracle itself, against sums small enough for the back of an envelope."""

import pytest

from tests.domain.oracles import (
    confidence_average,
    default_quorum,
    log_opinion_pool,
    n_eff,
    one_voter_one_vote,
    pool,
    risk_adjusted,
    weighted_majority,
)


def test_two_buyers_outweigh_one_seller() -> None:
    votes = [("BUY", 1.0, 0.5), ("BUY", 3.0, 0.75), ("SELL", 2.0, 0.5)]
    found = weighted_majority(votes, 4, 2, 0.0, 0.0)
    assert found["decision"] == "BUY"
    assert found["scores"] == {"BUY": 2.75, "SELL": 1.0, "HOLD": 0.0}  # 0.5 + 2.25; 1.0
    assert found["agreement"] == pytest.approx(2.75 / 3.75)
    assert found["confidence"] == pytest.approx(2.75 / 4 * (0.7 + 0.3 * 2 / 3))  # 0.6875 x 0.9 = 0.61875
    assert (found["supporters"], found["participating"], found["total"]) == (2, 3, 4)


def test_a_tie_within_a_billionth_holds() -> None:
    almost = [("BUY", 1.0, 0.5), ("SELL", 1.0, 0.5 + 2.0**-31)]  # 2^-31 is 4.7e-10
    assert weighted_majority(almost, 2, 1, 0.0, 0.0)["decision"] == "HOLD"
    apart = [("BUY", 1.0, 0.5), ("SELL", 1.0, 0.5 + 2.0**-29)]  # 2^-29 is 1.9e-9
    assert weighted_majority(apart, 2, 1, 0.0, 0.0)["decision"] == "SELL"


def test_hold_wins_a_tie_it_is_part_of_and_one_between_others() -> None:
    assert weighted_majority([("BUY", 1, 0.5), ("HOLD", 1, 0.5)], 2, 1, 0, 0)["agreement"] == 0.5
    found = weighted_majority([("BUY", 1, 0.5), ("SELL", 1, 0.5)], 2, 1, 0, 0)
    assert (found["decision"], found["agreement"], found["confidence"]) == ("HOLD", 0.0, 0.0)


def test_votes_without_weight_decide_nothing() -> None:
    found = weighted_majority([("BUY", 0.0, 0.9)], 1, 1, 0.0, 0.0)
    assert (found["decision"], found["agreement"], found["confidence"]) == ("HOLD", 0.0, 0.0)


def test_one_vote_short_of_the_quorum_is_no_decision() -> None:
    votes = [("BUY", 1.0, 0.9), ("BUY", 1.0, 0.9)]
    assert weighted_majority(votes, 5, 3, 0.0, 0.0)["decision"] == "NO_DECISION"
    assert weighted_majority(votes, 5, 2, 0.0, 0.0)["decision"] == "BUY"
    assert weighted_majority([], 5, 0, 0.0, 0.0)["decision"] == "NO_DECISION"


def test_a_minimum_reached_exactly_is_reached_and_one_missed_holds_and_keeps_its_numbers() -> None:
    votes = [("SELL", 1.0, 0.75), ("HOLD", 1.0, 0.25)]  # agreement 0.75 / 1.0
    assert weighted_majority(votes, 2, 1, 0.0, 0.75)["decision"] == "SELL"
    missed = weighted_majority(votes, 2, 1, 0.0, 0.7501)
    assert (missed["decision"], missed["winner"], missed["agreement"]) == ("HOLD", "SELL", 0.75)
    assert weighted_majority(votes, 2, 1, 0.64, 0.0)["decision"] == "HOLD"  # 0.75 x (0.7 + 0.15) = 0.6375


@pytest.mark.parametrize(("panel", "quorum"), [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (9, 5)])
def test_the_default_quorum_is_half_rounded_up(panel: int, quorum: int) -> None:
    assert default_quorum(panel) == quorum


def test_effective_voters_run_from_one_for_twins_to_all_for_strangers() -> None:
    assert n_eff([1.0, 1.0], [[1.0, 1.0], [1.0, 1.0]]) == 1.0
    assert n_eff([1.0, 1.0], [[1.0, 0.0], [0.0, 1.0]]) == 2.0
    assert n_eff([2.0, 1.0], [[1.0, 0.5], [0.5, 1.0]]) == pytest.approx(9 / 7)  # 9 / (4 + 1 + 2 x 2 x 0.5)
    assert n_eff([0.0], [[1.0]]) == 0.0


def test_an_average_is_a_side_from_two_tenths_on() -> None:
    votes = [("BUY", 1.0, 0.75), ("SELL", 1.0, 0.25)]  # 0.5 / 2 = 0.25
    found = confidence_average(votes, 2, 1, 0.0, 0.0)
    assert (found["decision"], found["agreement"]) == ("BUY", 0.75)
    assert confidence_average([*votes, ("HOLD", 1.0, 1.0)], 3, 1, 0.0, 0.0)["decision"] == "HOLD"  # 0.5 / 3
    assert confidence_average([("SELL", 2.0, 0.5)], 1, 1, 0.0, 0.0)["decision"] == "SELL"
    assert confidence_average([("BUY", 0.0, 1.0)], 1, 1, 0.0, 0.0)["decision"] == "HOLD"


def test_a_high_risk_costs_four_tenths_of_a_weight() -> None:
    votes = [("BUY", 1.0, 1.0), ("SELL", 1.0, 0.75)]
    found = risk_adjusted(votes, ["high", "low"], 2, 1, 0.0, 0.0)
    assert (found["decision"], found["scores"]) == ("SELL", {"BUY": 0.6, "SELL": 0.75, "HOLD": 0.0})
    assert risk_adjusted(votes, ["medium", "medium"], 2, 1, 0.0, 0.0)["decision"] == "BUY"


def test_a_pool_multiplies_what_the_votes_give_each_action() -> None:
    # Powers of 1 each (two voters of equal weight): BUY 0.5 · 0.25, SELL 0.25 · 0.5, HOLD 0.25 · 0.25.
    pooled = pool([("BUY", 1.0, 0.5), ("SELL", 1.0, 0.5)], 2.0)
    assert {side: float(share) for side, share in pooled.items()} == pytest.approx(
        {"BUY": 0.4, "SELL": 0.4, "HOLD": 0.2}
    )
    assert log_opinion_pool([("BUY", 1.0, 0.5), ("SELL", 1.0, 0.5)], 2.0, 2, 1, 0, 0)["decision"] == "HOLD"
    found = log_opinion_pool([("BUY", 3.0, 0.5), ("SELL", 1.0, 0.5)], 1.0, 2, 1, 0, 0)
    # Powers 3/4 and 1/4: BUY 2^-1.25, SELL 2^-1.75, HOLD 2^-2.
    assert found["confidence"] == pytest.approx(2**-1.25 / (2**-1.25 + 2**-1.75 + 2**-2))
    assert (found["decision"], found["agreement"]) == ("BUY", 0.75)


def test_one_voter_one_vote_is_what_most_say() -> None:
    assert one_voter_one_vote(["BUY", "BUY", "SELL"], 2) == "BUY"
    assert one_voter_one_vote(["BUY", "SELL"], 2) == "HOLD"
    assert one_voter_one_vote(["BUY"], 2) == "NO_DECISION"
