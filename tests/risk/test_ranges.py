"""True ranges and Wilder's average, walked period by period."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    WrongShape,
    average_true_range,
    true_ranges,
)

candles = st.lists(
    st.tuples(st.integers(1, 500), st.integers(1, 500), st.integers(1, 500)).map(sorted),
    min_size=1,
    max_size=40,
).map(lambda rows: tuple(np.array(column) / 4.0 for column in zip(*rows, strict=True)))


@given(prices=candles)
def test_the_true_range_is_the_greatest_of_three(prices: tuple[FloatArray, FloatArray, FloatArray]) -> None:
    low, close, high = prices
    found = true_ranges(high, low, close).tolist()
    assert found[0] == high[0] - low[0]
    for now in range(1, len(found)):
        before = close[now - 1]
        three = (high[now] - low[now], abs(high[now] - before), abs(low[now] - before))
        assert found[now] == pytest.approx(max(three))


@given(prices=candles, window=st.integers(1, 20), scale=st.floats(0.01, 100))
def test_the_average_moves_a_part_of_the_way_each_period(
    prices: tuple[FloatArray, FloatArray, FloatArray], window: int, scale: float
) -> None:
    low, close, high = prices
    if len(low) < window:
        with pytest.raises(TooFewObservations):
            average_true_range(high, low, close, window=window)
        return
    ranges = true_ranges(high, low, close).tolist()
    average = sum(ranges[:window]) / window
    for value in ranges[window:]:
        average = (average * (window - 1) + value) / window
    assert average_true_range(high, low, close, window=window) == pytest.approx(average, abs=1e-9)
    scaled = average_true_range(high * scale, low * scale, close * scale, window=window)
    assert scaled == pytest.approx(average * scale, abs=1e-9)


def test_a_gap_counts_as_range() -> None:
    high, low, close = np.array([11.0, 21.0]), np.array([9.0, 20.0]), np.array([10.0, 20.5])
    assert true_ranges(high, low, close).tolist() == [2.0, 11.0]
    assert average_true_range(high, low, close, window=2) == 6.5
    odd_close = true_ranges(
        high, low, np.array([99.0, 20.5])
    )  # of the first period only its own range counts
    assert odd_close[0] == 2.0


def test_candles_that_cannot_be_are_errors() -> None:
    good = np.array([1.0, 2.0])
    with pytest.raises(OutOfRange, match=r"^high is below low at 1\.$"):
        true_ranges(np.array([1.0, 1.5]), good, good)
    with pytest.raises(WrongShape, match=r"^high holds 1 and low 2"):
        true_ranges(good[:1], good, good)
    with pytest.raises(WrongShape, match=r"^high holds 2 and close 1"):
        true_ranges(good, good, good[:1])
    with pytest.raises(OutOfRange, match=r"^window must be a whole number of at least 1, not 0\.$"):
        average_true_range(good, good, good, window=0)
    with pytest.raises(NotFinite):
        true_ranges(np.array([1.7e308, 1.7e308]), np.array([-1.7e308, 0.0]), good)
    with pytest.raises(NotFinite):
        average_true_range(np.full(2, 1.7e308), np.zeros(2), good, window=2)
