"""Contributions sum to the whole, and each is what a little more of its asset would add."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    diversification_ratio,
    expected_shortfall,
    portfolio_returns,
    shortfall_contributions,
    volatility,
    volatility_contributions,
)


def drawn(seed: int, assets: int, periods: int = 60) -> tuple[FloatArray, FloatArray]:
    generator = np.random.default_rng(seed)
    mixed = generator.normal(0, 0.02, (periods, assets)) @ generator.normal(0, 1, (assets, assets))
    return mixed, generator.normal(0.2, 0.5, assets)


@given(seed=st.integers(0, 999), assets=st.integers(1, 6), ddof=st.integers(0, 1))
def test_parts_sum_to_the_volatility_of_the_whole(seed: int, assets: int, ddof: int) -> None:
    returns, weights = drawn(seed, assets)
    parts = volatility_contributions(returns, weights, ddof=ddof)
    whole = volatility(portfolio_returns(returns, weights), ddof=ddof)
    assert parts.sum() == pytest.approx(whole)
    step = 1e-6
    for asset in range(assets):
        more = weights.copy()
        more[asset] += step
        slope = (volatility(portfolio_returns(returns, more), ddof=ddof) - whole) / step
        assert parts[asset] == pytest.approx(weights[asset] * slope, abs=1e-4)


@given(seed=st.integers(0, 999), assets=st.integers(1, 6), level=st.sampled_from([0.8, 0.9, 0.95, 0.97]))
def test_parts_sum_to_the_shortfall_of_the_whole(seed: int, assets: int, level: float) -> None:
    returns, weights = drawn(seed, assets)
    parts = shortfall_contributions(returns, weights, level=level)
    assert parts.sum() == pytest.approx(expected_shortfall(portfolio_returns(returns, weights), level=level))
    assert parts.shape == (assets,)


def test_a_part_of_the_shortfall_is_the_assets_own_loss_on_the_bad_days() -> None:
    returns = np.zeros((20, 2))
    returns[3] = [-0.30, 0.10]
    returns[7] = [-0.10, -0.05]
    weights = np.array([0.5, 0.5])
    assert shortfall_contributions(returns, weights).tolist() == pytest.approx([0.15, -0.05])
    two_days = shortfall_contributions(returns, weights, level=0.9)
    assert two_days.tolist() == pytest.approx([(0.15 + 0.05) / 2, (-0.05 + 0.025) / 2])
    day_and_a_half = shortfall_contributions(returns, weights, level=0.925)
    assert day_and_a_half.tolist() == pytest.approx([(0.15 + 0.025) / 1.5, (-0.05 + 0.0125) / 1.5])


def test_a_hedge_takes_risk_away() -> None:
    one = np.random.default_rng(1).normal(0, 0.02, 60)
    returns = np.stack((one, one), axis=1)
    parts = volatility_contributions(returns, np.array([1.0, -0.25]))
    assert parts[0] > 0 > parts[1]
    assert parts.sum() == pytest.approx(0.75 * one.std(ddof=1))


@given(seed=st.integers(0, 999), assets=st.integers(1, 6))
def test_diversification_pays_unless_there_is_one_asset(seed: int, assets: int) -> None:
    returns, weights = drawn(seed, assets)
    ratio = diversification_ratio(returns, np.abs(weights))
    alone = np.abs(weights) * returns.std(axis=0, ddof=1)
    assert ratio == pytest.approx(alone.sum() / volatility(portfolio_returns(returns, np.abs(weights))))
    assert ratio >= 1 - 1e-9
    if assets == 1:
        assert ratio == pytest.approx(1.0)


def test_a_portfolio_that_does_not_move_has_no_parts() -> None:
    returns, _ = drawn(1, 2)
    for measure in (volatility_contributions, diversification_ratio):
        with pytest.raises(NotFinite, match=r"^The portfolio does not move"):
            measure(returns, np.zeros(2))
        with pytest.raises(TooFewObservations):
            measure(returns[:1], np.ones(2))


def test_a_tail_needs_one_period_and_a_level() -> None:
    returns, weights = drawn(1, 2, periods=19)
    with pytest.raises(TooFewObservations, match=r"^The tail of 19 periods beyond 0\.95 is not one whole"):
        shortfall_contributions(returns, weights)
    with pytest.raises(OutOfRange, match=r"^level must lie between 0 and 1"):
        shortfall_contributions(returns, weights, level=1.0)
