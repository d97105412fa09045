"""Moments against exact sums in fractions, and by their laws."""

from fractions import Fraction
from math import sqrt
from statistics import fmean, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import FloatArray, NotFinite, TooFewObservations, excess_kurtosis, four_moments, skewness
from risk.moments import standard_deviation


def central(values: list[float], power: int) -> Fraction:
    exact = [Fraction(value) for value in values]
    mean = sum(exact, Fraction(0)) / len(exact)
    return sum(((value - mean) ** power for value in exact), Fraction(0)) / len(exact)


series = (
    st.lists(st.integers(-1000, 1000), min_size=4, max_size=40)
    .filter(lambda values: len(set(values)) > 1)
    .map(lambda values: np.array(values) / 1000.0)
)


@given(returns=series)
def test_moments_are_the_exact_sums(returns: FloatArray) -> None:
    listed = returns.tolist()
    second, third, fourth = (central(listed, power) for power in (2, 3, 4))
    lean, weight = float(third) / float(second) ** 1.5, float(fourth / second**2) - 3
    assert skewness(returns) == pytest.approx(lean, abs=1e-9)
    assert excess_kurtosis(returns) == pytest.approx(weight, abs=1e-9)
    n = len(listed)
    assert skewness(returns, is_sample=True) == pytest.approx(lean * sqrt(n * (n - 1)) / (n - 2), abs=1e-9)
    sample = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * weight + 6)
    assert excess_kurtosis(returns, is_sample=True) == pytest.approx(sample, abs=1e-7)
    of = four_moments(returns)
    assert of == pytest.approx((fmean(listed), stdev(listed), lean, weight), abs=1e-9)
    assert four_moments(returns, ddof=0).deviation == pytest.approx(sqrt(second), abs=1e-12)


@given(returns=series, scale=st.floats(0.01, 100), shift=st.floats(-1, 1))
def test_shape_does_not_change_with_place_and_scale(returns: FloatArray, scale: float, shift: float) -> None:
    moved = returns * scale + shift
    assert skewness(moved) == pytest.approx(skewness(returns), abs=1e-6)
    assert skewness(-moved) == pytest.approx(-skewness(returns), abs=1e-6)
    assert excess_kurtosis(moved) == pytest.approx(excess_kurtosis(returns), abs=1e-6)
    assert excess_kurtosis(returns) >= skewness(returns) ** 2 - 2 - 1e-9  # Pearson's inequality


@pytest.mark.parametrize(("measure", "least"), [(skewness, 3), (excess_kurtosis, 4), (four_moments, 4)])
def test_a_shape_needs_some_returns_that_differ(measure: object, least: int) -> None:
    assert callable(measure)
    measure(np.arange(float(least)))
    with pytest.raises(TooFewObservations):
        measure(np.arange(float(least - 1)))
    with pytest.raises(NotFinite, match=r"^returns are all the same, and so have no shape\.$"):
        measure(np.full(10, 0.1))


def test_the_deviation_of_equal_numbers_is_nothing_and_of_one_there_is_none() -> None:
    assert standard_deviation("returns", np.full(7, 0.1)) == 0.0
    assert np.std(np.full(7, 0.1)) != 0.0  # which is why
    assert standard_deviation("returns", np.array([5.0]), 0) == 0.0
    with pytest.raises(TooFewObservations, match=r"^1 observations are too few for a ddof of 1\.$"):
        standard_deviation("returns", np.array([5.0]))


@pytest.mark.parametrize("large", [1e160, 1e200, 1e308])
def test_squares_that_leave_the_floats_are_an_error(large: float) -> None:
    with pytest.raises(NotFinite):
        four_moments(np.array([large, -large, large, 0.0]))
