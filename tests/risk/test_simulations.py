"""Simulated losses: near what formulas say, the same for the same seed, and bounded in memory."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    monte_carlo_expected_shortfall,
    monte_carlo_value_at_risk,
    normal_expected_shortfall,
    normal_value_at_risk,
    simulate_returns,
    simulations,
)
from tests.risk.calls import loosely

RETURNS = np.random.default_rng(5).normal(0.0005, 0.01, 500)


def seeded(seed: int = 11) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_normal_simulation_comes_near_the_formula() -> None:
    fitted = {"mean": float(RETURNS.mean()), "volatility": float(RETURNS.std(ddof=1))}
    draws = 200_000
    near = 6 * fitted["volatility"] / sqrt(draws) * 2.1  # six standard errors of a quantile at 0.95
    at_risk = monte_carlo_value_at_risk(RETURNS, generator=seeded(), draws=draws)
    assert at_risk == pytest.approx(loosely(normal_value_at_risk, **fitted), abs=near)
    shortfall = monte_carlo_expected_shortfall(RETURNS, generator=seeded(), draws=draws)
    assert shortfall == pytest.approx(loosely(normal_expected_shortfall, **fitted), abs=near)


def test_a_simulation_of_history_draws_what_was_seen() -> None:
    drawn = simulate_returns(RETURNS, generator=seeded(), draws=5000, model="history")
    assert np.isclose(drawn[:, np.newaxis], RETURNS, rtol=0, atol=1e-15).any(axis=1).all()
    assert len(np.unique(drawn)) > 450


@pytest.mark.parametrize("model", ["normal", "history"])
def test_a_horizon_compounds_its_periods(model: str) -> None:
    drawn = simulate_returns(RETURNS, generator=seeded(), draws=50_000, horizon_periods=20, model=model)
    mean, deviation = float(RETURNS.mean()), float(RETURNS.std(ddof=1))
    assert drawn.mean() == pytest.approx((1 + mean) ** 20 - 1, abs=6 * deviation * sqrt(20 / 50_000))
    variance = ((1 + mean) ** 2 + deviation**2) ** 20 - (1 + mean) ** 40
    assert drawn.std() == pytest.approx(sqrt(variance), rel=0.05)


@pytest.mark.parametrize("model", ["normal", "history"])
def test_the_same_seed_gives_the_same_draws(model: str) -> None:
    first, again = (
        simulate_returns(RETURNS, generator=seeded(3), draws=100, horizon_periods=3, model=model)
        for _ in range(2)
    )
    assert (first == again).all()
    assert (first != simulate_returns(RETURNS, generator=seeded(4), draws=100, horizon_periods=3)).any()


@given(seed=st.integers(0, 999), periods=st.integers(1, 5), scale=st.floats(0.001, 2))
def test_nothing_loses_more_than_all_and_the_shortfall_is_the_larger(
    seed: int, periods: int, scale: float
) -> None:
    wild = np.maximum(RETURNS / 0.01 * scale, -1.0)
    over = {"draws": 400, "horizon_periods": periods}
    at_risk = loosely(monte_carlo_value_at_risk, wild, generator=seeded(seed), **over)
    shortfall = loosely(monte_carlo_expected_shortfall, wild, generator=seeded(seed), **over)
    assert at_risk <= shortfall <= 1.0


def test_draws_in_parts_are_all_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulations, "DRAWS_AT_ONCE", 7)
    drawn: FloatArray = simulate_returns(RETURNS, generator=seeded(), draws=23, horizon_periods=3)
    assert drawn.shape == (23,)
    assert len(np.unique(drawn)) == 23
    assert simulate_returns(RETURNS, generator=seeded(), draws=2, horizon_periods=9).shape == (2,)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"draws": 0}, "draws must be a whole number of at least 1, not 0"),
        ({"draws": 10.0}, "draws must be a whole number of at least 1, not 10"),
        ({"horizon_periods": 0}, "horizon_periods must be a whole number"),
        ({"model": "student"}, "model must be normal or history, not 'student'"),
    ],
)
def test_what_has_no_meaning_is_an_error(words: dict[str, object], message: str) -> None:
    with pytest.raises(OutOfRange, match=message):
        loosely(simulate_returns, RETURNS, generator=seeded(), **words)


def test_losing_more_than_all_and_growing_without_end_are_errors() -> None:
    with pytest.raises(OutOfRange, match=r"^returns must be -1 or more, not -1\.5"):
        simulate_returns(np.array([-1.5, 0.0]), generator=seeded())
    with pytest.raises(NotFinite, match=r"^The simulated returns must hold finite numbers"):
        simulate_returns(np.full(9, 1e30), generator=seeded(), draws=3, horizon_periods=20)
