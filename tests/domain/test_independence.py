"""How many independent voters there are: by hand, against an oracle, and whatever the correlations are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain import oracles
from tests.domain.ballots import ballot, ballots, councils, weights
from thalas.domain.consensus import Ballot
from thalas.domain.independence import assumed, effective_voters

EXAMPLES = settings(max_examples=300, deadline=None)


def test_voters_of_one_family_count_for_less_than_as_many_strangers() -> None:
    # Analysts: 4² / (4 + 12·0.5) = 1.6; strangers: 16 / (4 + 12·0.3) = 2.105; one model four times: 1.
    analysts = [ballot("BUY", 0.5, family="analyst", model=str(n)) for n in range(4)]
    strangers = [ballot("BUY", 0.5, family=str(n), model=str(n)) for n in range(4)]
    twins = [ballot("BUY", 0.5, family="x", model="m") for _ in range(4)]
    vendor = [ballot("BUY", 0.5, family="x", model=str(n)) for n in range(4)]
    found = [effective_voters(group) for group in (analysts, strangers, vendor, twins)]
    assert found == [pytest.approx(n) for n in (1.6, 16 / 7.6, 16 / 12.4, 1.0)]


def test_one_model_behind_two_vendors_is_one_voter() -> None:
    assert effective_voters([ballot("BUY", 0.5, model="m", family=name) for name in "xy"]) == 1.0


def test_who_weighs_more_counts_for_more() -> None:
    # Weights 2 and 1 of one vendor: 9 / (4 + 1 + 2 · 2 · 1 · 0.7) = 9 / 7.8.
    votes = [ballot("BUY", 0.5, w, family="x", model=str(w)) for w in (2.0, 1.0)]
    assert effective_voters(votes) == pytest.approx(9 / 7.8)


def test_learned_correlations_take_the_place_of_the_assumed_ones() -> None:
    votes = [ballot("BUY", 0.5, family="x", model="m") for _ in range(4)]
    assert effective_voters(votes, lambda one, other: 0.0) == pytest.approx(4.0)
    assert effective_voters(votes, lambda one, other: 0.2) == pytest.approx(16 / (4 + 12 * 0.2))


def test_a_correlation_beyond_its_range_makes_nobody_more_than_one_and_all_no_less_than_one() -> None:
    votes = [ballot("BUY", 0.5) for _ in range(3)]
    assert effective_voters(votes, lambda one, other: -5.0) == pytest.approx(3.0)
    assert effective_voters(votes, lambda one, other: 7.0) == pytest.approx(1.0)


def test_a_correlation_that_is_no_number_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="correlation of v and v is not a number"):
        effective_voters([ballot("BUY", 0.5)] * 2, lambda one, other: math.nan)


@EXAMPLES
@given(ballots, ballots)
def test_it_makes_no_difference_who_is_compared_with_whom(one: Ballot, other: Ballot) -> None:
    assert assumed(one, other) == assumed(other, one)


@EXAMPLES
@given(councils.filter(bool), st.floats(-2, 2))
def test_it_lies_between_one_and_all(votes: list[Ballot], rho: float) -> None:
    heard = any(vote.weight for vote in votes)
    for found in (effective_voters(votes), effective_voters(votes, lambda one, other: rho)):
        assert (1 - 1e-9 <= found <= len(votes) + 1e-9) if heard else found == 0.0


@EXAMPLES
@given(st.lists(st.tuples(weights, st.floats(0, 1)), min_size=1, max_size=6))
def test_the_effective_number_of_strangers_agrees_with_an_independent_oracle(
    members: list[tuple[float, float]],
) -> None:
    votes = [ballot("BUY", c, w, model=str(n), family=str(n)) for n, (w, c) in enumerate(members)]
    rho = [[1.0 if i == j else 0.3 for j in range(len(votes))] for i in range(len(votes))]
    expected = float(oracles.n_eff([vote.weight for vote in votes], rho))
    assert effective_voters(votes) == pytest.approx(expected, rel=1e-9)
