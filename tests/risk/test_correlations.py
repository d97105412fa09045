"""Correlation against sums written out, and by its laws."""

from statistics import correlation as textbook
from statistics import covariance

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    WrongShape,
    average_correlation,
    correlation,
    correlation_matrix,
    covariance_matrix,
)
from risk.correlations import ranks

pairs = st.lists(st.tuples(st.integers(-50, 50), st.integers(-50, 50)), min_size=2, max_size=40)


def columns(drawn: list[tuple[int, int]]) -> tuple[FloatArray, FloatArray]:
    one, other = (np.array(column) / 100.0 for column in zip(*drawn, strict=True))
    assume(len(set(one.tolist())) > 1)
    assume(len(set(other.tolist())) > 1)
    return one, other


@given(drawn=pairs)
def test_two_series_correlate_as_the_standard_library_says(drawn: list[tuple[int, int]]) -> None:
    one, other = columns(drawn)
    assert correlation(one, other) == pytest.approx(textbook(one.tolist(), other.tolist()), abs=1e-9)
    assert correlation(one, other, method="spearman") == pytest.approx(
        textbook(by_counting(one.tolist()), by_counting(other.tolist())), abs=1e-9
    )


def by_counting(values: list[float]) -> list[float]:
    return [sum(v < value for v in values) + (1 + sum(v == value for v in values)) / 2 for value in values]


@given(values=st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_a_rank_is_how_many_are_below_and_half_of_its_equals(values: list[int]) -> None:
    assert ranks(np.array(values, dtype=float)).tolist() == by_counting([float(v) for v in values])


@given(drawn=pairs, scale=st.floats(0.1, 10), shift=st.floats(-1, 1))
def test_correlation_knows_neither_scale_nor_place(
    drawn: list[tuple[int, int]], scale: float, shift: float
) -> None:
    one, other = columns(drawn)
    found = correlation(one, other)
    assert -1 <= found <= 1
    assert correlation(one * scale + shift, other) == pytest.approx(found, abs=1e-6)
    assert correlation(-one, other) == pytest.approx(-found, abs=1e-12)
    assert correlation(other, one) == pytest.approx(found, abs=1e-12)
    assert correlation(one, one) == pytest.approx(1.0, rel=1e-12)


def test_ranks_see_any_rise_as_the_same() -> None:
    one = np.arange(10.0)
    assert correlation(one, np.exp(one), method="spearman") == pytest.approx(1.0)
    assert correlation(one, np.exp(one)) < 0.8


@given(seed=st.integers(0, 99), assets=st.integers(1, 6), periods=st.integers(2, 30))
def test_a_matrix_holds_each_pair(seed: int, assets: int, periods: int) -> None:
    returns = np.random.default_rng(seed).normal(0, 0.02, (periods, assets))
    matrix, spread = correlation_matrix(returns), covariance_matrix(returns)
    assert (matrix == matrix.T).all()
    assert (np.diagonal(matrix) == 1.0).all()
    assert np.linalg.eigvalsh(matrix).min() > -1e-9
    for one in range(assets):
        for other in range(assets):
            pair = returns[:, one].tolist(), returns[:, other].tolist()
            assert matrix[one, other] == pytest.approx(textbook(*pair), abs=1e-9)
            assert spread[one, other] == pytest.approx(covariance(*pair), abs=1e-12)


@given(seed=st.integers(0, 99), assets=st.integers(2, 6))
def test_the_average_is_over_all_pairs_by_their_weights_and_signs(seed: int, assets: int) -> None:
    generator = np.random.default_rng(seed)
    returns, weights = generator.normal(0, 0.02, (30, assets)), generator.normal(0, 1, assets)
    matrix = correlation_matrix(returns)
    total = weighted = sizes = 0.0
    for one in range(assets):
        for other in range(one):
            total += matrix[one, other]
            weighted += weights[one] * weights[other] * matrix[one, other]
            sizes += abs(weights[one] * weights[other])
    assert average_correlation(returns) == pytest.approx(total / (assets * (assets - 1) / 2))
    assert average_correlation(returns, weights) == pytest.approx(weighted / sizes)
    assert average_correlation(returns, weights * 1e200) == pytest.approx(weighted / sizes)


def test_a_long_and_a_short_of_the_same_do_not_add_up() -> None:
    one = np.random.default_rng(1).normal(0, 0.02, 30)
    returns = np.stack((one, one), axis=1)
    assert average_correlation(returns, np.array([1.0, 2.0])) == pytest.approx(1.0)
    assert average_correlation(returns, np.array([1.0, -2.0])) == pytest.approx(-1.0)


def test_what_does_not_move_correlates_with_nothing() -> None:
    still, moving = np.full(10, 0.1), np.arange(10.0)
    with pytest.raises(
        NotFinite, match=r"^Column 1 of returns is all the same: it correlates with nothing\.$"
    ):
        correlation(moving, still)
    with pytest.raises(NotFinite, match=r"^Column 0 "):
        correlation_matrix(np.stack((still, moving), axis=1))


def test_what_does_not_fit_is_an_error() -> None:
    one = np.arange(10.0)
    with pytest.raises(WrongShape, match=r"^returns holds 10 and others 9; they must be as many\.$"):
        correlation(one, one[:9])
    with pytest.raises(TooFewObservations):
        correlation(one[:1], one[:1])
    with pytest.raises(OutOfRange, match=r"^method must be pearson or spearman, not 'kendall'\.$"):
        correlation(one, one, method="kendall")
    returns = np.random.default_rng(1).normal(0, 1, (9, 2))
    for weights in ([0.0, 0.0], [1.0, 0.0]):
        with pytest.raises(OutOfRange, match=r"^There is no pair of assets that both have a weight\.$"):
            average_correlation(returns, np.array(weights))
    with pytest.raises(OutOfRange, match="no pair"):
        average_correlation(returns[:, :1])
    with pytest.raises(TooFewObservations):
        covariance_matrix(returns[:1])
    assert covariance_matrix(returns[:1], ddof=0).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_returns_near_the_end_of_the_floats_correlate_or_are_an_error() -> None:
    returns = np.random.default_rng(1).normal(0, 1e300, (9, 2))
    assert correlation_matrix(returns)[0, 1] == pytest.approx(correlation_matrix(returns / 1e300)[0, 1])
    with pytest.raises(NotFinite):
        covariance_matrix(returns)
    with pytest.raises(NotFinite):
        correlation_matrix(np.array([[1.7e308, 0.0], [1.7e308, 1.0], [-1.7e308, 0.5]]))
