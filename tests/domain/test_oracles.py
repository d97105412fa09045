"""The oracle itself, against sums small enough for the back of an envelope."""

import pytest

from tests.domain.oracles import default_quorum, n_eff, weighted_majority


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
