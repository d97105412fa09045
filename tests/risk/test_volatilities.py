"""Volatility against the standard library and against its recursion walked day by day."""

from math import log, sqrt
from statistics import pstdev, stdev

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    close_to_close_volatility,
    ewma_volatility,
    volatility,
)

series = st.lists(st.integers(-500, 500), min_size=2, max_size=40).map(lambda v: np.array(v) / 1000.0)


@given(returns=series)
def test_volatility_is_the_standard_deviation(returns: FloatArray) -> None:
    assert volatility(returns) == pytest.approx(stdev(returns.tolist()), abs=1e-12)
    assert volatility(returns, ddof=0) == pytest.approx(pstdev(returns.tolist()), abs=1e-12)
    yearly = volatility(returns, periods_per_year=252)
    assert yearly == pytest.approx(stdev(returns.tolist()) * sqrt(252), abs=1e-12)


@given(returns=series, scale=st.floats(-10, 10), shift=st.floats(-1, 1))
def test_volatility_scales_and_does_not_see_where_it_is(
    returns: FloatArray, scale: float, shift: float
) -> None:
    assert volatility(returns * scale + shift) == pytest.approx(abs(scale) * volatility(returns), abs=1e-9)


@given(moves=st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=30), ddof=st.integers(0, 1))
def test_closes_move_by_their_logarithms(moves: list[float], ddof: int) -> None:
    closes = 100 * np.exp(np.cumsum([0.0, *moves]))
    logs = [log(b / a) for a, b in zip(closes[:-1].tolist(), closes[1:].tolist(), strict=True)]
    wanted = stdev(logs) if ddof else pstdev(logs)
    assert close_to_close_volatility(closes, ddof=ddof) == pytest.approx(wanted, abs=1e-9)


@given(returns=series, decay=st.floats(0.01, 0.999))
def test_the_moving_average_is_its_recursion_walked(returns: FloatArray, decay: float) -> None:
    variance = returns[0] ** 2
    weighted = total = 0.0
    for value in returns.tolist()[1:]:
        variance = decay * variance + (1 - decay) * value**2
    for value in returns.tolist():
        weighted, total = weighted * decay + value**2, total * decay + 1.0
    assert ewma_volatility(returns, decay=decay, start="first") == pytest.approx(sqrt(variance), abs=1e-12)
    assert ewma_volatility(returns, decay=decay) == pytest.approx(sqrt(weighted / total), abs=1e-12)
    yearly = ewma_volatility(returns, decay=decay, periods_per_year=4)
    assert yearly == pytest.approx(2 * sqrt(weighted / total), abs=1e-12)


@given(returns=series, decay=st.floats(0.01, 0.999), start=st.sampled_from(["weights", "first"]))
def test_the_moving_average_lies_among_the_moves(returns: FloatArray, decay: float, start: str) -> None:
    found = ewma_volatility(returns, decay=decay, start=start)
    assert np.abs(returns).min() - 1e-12 <= found <= np.abs(returns).max() + 1e-12


def test_a_shock_counts_most_when_it_is_the_latest() -> None:
    calm = np.full(100, 0.01)
    early, late = calm.copy(), calm.copy()
    early[0], late[-1] = 0.10, 0.10
    assert ewma_volatility(late) > ewma_volatility(early) > ewma_volatility(calm) - 1e-12
    assert ewma_volatility(late) == pytest.approx(sqrt(0.94 * 0.01**2 + 0.06 * 0.10**2), rel=1e-3)
    assert ewma_volatility(np.array([0.02])) == pytest.approx(0.02)
    assert ewma_volatility(np.zeros(4)) == 0.0


def test_ten_thousand_periods_do_not_wear_the_weights_out() -> None:
    returns = np.random.default_rng(1).normal(0, 0.01, 10_000)
    assert ewma_volatility(returns, decay=0.5) == pytest.approx(ewma_volatility(returns[-200:], decay=0.5))


@pytest.mark.parametrize("decay", [0.0, 1.0, -0.5])
def test_decay_lies_strictly_between_0_and_1(decay: float) -> None:
    with pytest.raises(OutOfRange, match=r"^decay must lie between 0 and 1"):
        ewma_volatility(np.ones(3), decay=decay)


def test_words_and_numbers_without_meaning_are_errors() -> None:
    with pytest.raises(OutOfRange, match=r"^start must be weights or first, not 'mean'\.$"):
        ewma_volatility(np.ones(3), start="mean")
    for measure in (volatility, ewma_volatility, close_to_close_volatility):
        with pytest.raises(OutOfRange, match=r"^periods_per_year must be above 0, not 0\.$"):
            measure(np.ones(3), periods_per_year=0.0)
    with pytest.raises(OutOfRange, match=r"^ddof must be a whole number of at least 0, not -1\.$"):
        volatility(np.ones(3), ddof=-1)
    with pytest.raises(OutOfRange, match=r"^prices must be above 0, not 0\.$"):
        close_to_close_volatility(np.array([1.0, 0.0]))
    with pytest.raises(TooFewObservations):
        close_to_close_volatility(np.array([1.0, 2.0]))
    with pytest.raises(TooFewObservations):
        volatility(np.array([0.1]))
    with pytest.raises(NotFinite):
        ewma_volatility(np.array([1e200, 0.1]))
