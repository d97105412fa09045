"""Returns from prices and back, against exact fractions."""

from fractions import Fraction
from math import exp, prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    annual_return,
    log_returns,
    portfolio_returns,
    simple_returns,
    total_return,
)

prices = st.lists(st.integers(1, 10_000), min_size=2, max_size=30).map(lambda v: np.array(v) / 8.0)


@given(walk=prices)
def test_returns_compound_back_to_the_prices(walk: FloatArray) -> None:
    returns, logs = simple_returns(walk), log_returns(walk)
    exact = [
        Fraction(b) / Fraction(a) - 1 for a, b in zip(walk[:-1].tolist(), walk[1:].tolist(), strict=True)
    ]
    assert returns.tolist() == pytest.approx([float(value) for value in exact], abs=1e-12)
    assert np.expm1(logs).tolist() == pytest.approx(returns.tolist(), abs=1e-9)
    assert total_return(returns) == pytest.approx(float(prod(1 + value for value in exact) - 1), abs=1e-9)
    assert total_return(returns) == pytest.approx(walk[-1] / walk[0] - 1, abs=1e-9)
    assert exp(logs.sum()) == pytest.approx(walk[-1] / walk[0])


@given(walk=prices, periods_per_year=st.floats(1, 400))
def test_the_yearly_rate_compounds_to_the_total(walk: FloatArray, periods_per_year: float) -> None:
    returns = simple_returns(walk)
    years = len(returns) / periods_per_year
    logarithm = np.log(walk[-1] / walk[0]) / years
    if logarithm > 600:
        return  # beyond what a year can hold
    rate = annual_return(returns, periods_per_year=periods_per_year)
    assert np.log1p(rate) == pytest.approx(logarithm, rel=1e-6, abs=1e-6) if rate > -0.999 else rate < 0


def test_worked_sums() -> None:
    assert simple_returns(np.array([100.0, 110.0, 99.0])).tolist() == pytest.approx([0.10, -0.10])
    assert total_return(np.array([0.10, -0.10])) == pytest.approx(-0.01)
    assert annual_return(np.full(12, 0.01), periods_per_year=12) == pytest.approx(1.01**12 - 1)
    assert total_return(np.array([-1.0, 5.0])) == -1.0
    assert annual_return(np.array([-1.0, 5.0]), periods_per_year=1) == -1.0


@given(seed=st.integers(0, 99), assets=st.integers(1, 5))
def test_a_portfolio_makes_what_its_parts_make(seed: int, assets: int) -> None:
    generator = np.random.default_rng(seed)
    returns, weights = generator.normal(0, 0.02, (10, assets)), generator.normal(0, 1, assets)
    for row, made in zip(returns.tolist(), portfolio_returns(returns, weights).tolist(), strict=True):
        assert made == pytest.approx(
            sum(w * r for w, r in zip(weights.tolist(), row, strict=True)), abs=1e-12
        )


@pytest.mark.parametrize("walk", [[1.0, 0.0], [-1.0, 1.0]])
def test_prices_are_above_nothing(walk: list[float]) -> None:
    for measure in (simple_returns, log_returns):
        with pytest.raises(OutOfRange, match=r"^prices must be above 0, not -?[01]\.$"):
            measure(np.array(walk))
        with pytest.raises(TooFewObservations):
            measure(np.array([1.0]))


def test_what_leaves_the_floats_is_an_error() -> None:
    with pytest.raises(NotFinite, match=r"^The returns must hold finite"):
        simple_returns(np.array([5e-324, 1e308]))
    with pytest.raises(NotFinite, match=r"^The total return is inf"):
        total_return(np.full(400, 9.0))
    with pytest.raises(NotFinite, match=r"^The annual return is inf"):
        annual_return(np.full(400, 9.0), periods_per_year=400)
    with pytest.raises(NotFinite, match=r"^The portfolio's returns must hold finite"):
        portfolio_returns(np.full((2, 2), 1e308), np.ones(2))
    with pytest.raises(OutOfRange, match=r"^returns must be -1 or more, not -1\.1: "):
        total_return(np.array([-1.1]))
    with pytest.raises(OutOfRange, match=r"^periods_per_year must be above 0"):
        annual_return(np.array([0.1]), periods_per_year=-1)
