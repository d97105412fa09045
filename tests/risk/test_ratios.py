"""Ratios against the standard library's sums, where they have no answer, and by their laws."""

from collections.abc import Callable
from math import prod, sqrt
from statistics import fmean, pstdev, stdev

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    calmar_ratio,
    max_drawdown,
    omega_ratio,
    profit_factor,
    sharpe_ratio,
    simple_returns,
    sortino_ratio,
    win_rate,
)
from tests.risk.cases import INF, NAN

series = (
    st.lists(st.integers(-500, 500), min_size=2, max_size=30)
    .filter(lambda values: len(set(values)) > 1)
    .map(lambda values: np.array(values) / 1024.0)
)
rates = st.integers(-50, 50).map(lambda value: value / 1024.0)


@given(returns=series, rate=rates, periods_per_year=st.sampled_from([1, 12, 252, 365]))
def test_sharpe_is_the_mean_excess_over_the_deviation(
    returns: FloatArray, rate: float, periods_per_year: int
) -> None:
    listed = [value - rate for value in returns.tolist()]
    wanted = fmean(listed) / stdev(listed) * sqrt(periods_per_year)
    assert sharpe_ratio(returns, risk_free=rate, periods_per_year=periods_per_year) == pytest.approx(
        wanted, abs=1e-9
    )
    wanted = fmean(listed) / pstdev(listed) * sqrt(periods_per_year)
    assert sharpe_ratio(returns, risk_free=rate, ddof=0, periods_per_year=periods_per_year) == pytest.approx(
        wanted, abs=1e-9
    )


@given(returns=series, target=rates)
def test_sortino_divides_by_all_periods(returns: FloatArray, target: float) -> None:
    below = [min(value - target, 0.0) for value in returns.tolist()]
    assume(any(below))
    wanted = (fmean(returns.tolist()) - target) / sqrt(sum(v * v for v in below) / len(below))
    assert sortino_ratio(returns, target=target) == pytest.approx(wanted, abs=1e-9)
    yearly = sortino_ratio(returns, target=target, periods_per_year=4)
    assert yearly == pytest.approx(2 * wanted, abs=1e-9)


@given(returns=series, target=rates)
def test_omega_is_what_is_above_over_what_is_below(returns: FloatArray, target: float) -> None:
    above = sum(max(value - target, 0.0) for value in returns.tolist())
    below = sum(max(target - value, 0.0) for value in returns.tolist())
    assume(below > 0)
    found = omega_ratio(returns, target=target)
    assert found == pytest.approx(above / below, abs=1e-9)
    assert (found > 1 + 1e-9) <= (returns.mean() > target)
    assert (found < 1 - 1e-9) <= (returns.mean() < target)


@given(returns=series)
def test_calmar_is_the_yearly_rate_over_the_deepest_fall(returns: FloatArray) -> None:
    assume(max_drawdown(returns) > 0)
    rate = prod(1 + value for value in returns.tolist()) ** (12 / len(returns)) - 1
    assert calmar_ratio(returns, periods_per_year=12) == pytest.approx(
        rate / max_drawdown(returns), rel=1e-6, abs=1e-9
    )


@given(returns=series, scale=st.floats(0.1, 10))
def test_ratios_do_not_change_with_the_size_of_the_bet(returns: FloatArray, scale: float) -> None:
    assert sharpe_ratio(returns * scale) == pytest.approx(sharpe_ratio(returns), abs=1e-9)
    assert sharpe_ratio(-returns) == pytest.approx(-sharpe_ratio(returns), abs=1e-9)
    if returns.min() < 0:
        assert sortino_ratio(returns * scale) == pytest.approx(sortino_ratio(returns), abs=1e-9)
        assert omega_ratio(returns * scale) == pytest.approx(omega_ratio(returns), abs=1e-9)


def test_trades_are_won_above_nothing() -> None:
    trades = np.array([3.0, 0.0, -1.0, 1.0])
    assert win_rate(trades) == 0.5
    assert profit_factor(trades) == 4.0
    assert win_rate(-trades) == 0.25


@pytest.mark.parametrize(
    "measure",
    [sharpe_ratio, sortino_ratio, omega_ratio, profit_factor, lambda v: calmar_ratio(v, periods_per_year=12)],
)
def test_without_risk_there_is_no_ratio(measure: Callable[[FloatArray], float]) -> None:
    with pytest.raises(
        NotFinite, match=r"has no risk to be divided by: nothing in the returns varies or falls"
    ):
        measure(np.full(5, 0.01))


def test_rounding_is_no_risk() -> None:
    steady = simple_returns(np.array([100 * 1.01**day for day in range(40)]))
    assert np.std(steady) != 0.0  # a ratio of some ten to the fourteenth, if it were believed
    with pytest.raises(NotFinite, match=r"^The Sharpe ratio has no risk"):
        sharpe_ratio(steady)


def test_words_and_numbers_without_meaning_are_errors() -> None:
    returns = np.array([0.1, -0.1, 0.2])
    for value in (NAN, INF, True):
        with pytest.raises(NotFinite, match=r"^risk_free must be"):
            sharpe_ratio(returns, risk_free=value)
        with pytest.raises(NotFinite, match=r"^target must be"):
            sortino_ratio(returns, target=value)
        with pytest.raises(NotFinite, match=r"^target must be"):
            omega_ratio(returns, target=value)
    for measure in (sharpe_ratio, sortino_ratio, calmar_ratio):
        with pytest.raises(OutOfRange, match=r"^periods_per_year must be above 0"):
            measure(returns, periods_per_year=0.0)
    with pytest.raises(TooFewObservations):
        sharpe_ratio(returns[:1])
    with pytest.raises(TooFewObservations):
        sharpe_ratio(returns, ddof=3)
