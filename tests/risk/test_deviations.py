"""Half deviations against exact fractions, and by their mirror."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    downside_deviation,
    downside_frequency,
    downside_potential,
    mean_absolute_deviation,
    semideviation,
    upside_potential,
    upside_risk,
    volatility,
)
from tests.risk.cases import INF, NAN

series = st.lists(st.integers(-512, 512), min_size=1, max_size=30).map(lambda v: np.array(v) / 1024.0)
targets = st.integers(-64, 64).map(lambda v: v / 1024.0)


@given(returns=series, target=targets)
def test_deviations_are_the_exact_sums(returns: FloatArray, target: float) -> None:
    apart = [Fraction(value) - Fraction(target) for value in returns.tolist()]
    n = len(apart)
    below, above = [min(a, Fraction(0)) for a in apart], [max(a, Fraction(0)) for a in apart]
    assert downside_deviation(returns, target=target) ** 2 == pytest.approx(
        float(sum(a * a for a in below) / n), abs=1e-15
    )
    assert upside_risk(returns, target=target) ** 2 == pytest.approx(
        float(sum(a * a for a in above) / n), abs=1e-15
    )
    assert upside_potential(returns, target=target) == pytest.approx(float(sum(above) / n), abs=1e-15)
    assert downside_potential(returns, target=target) == pytest.approx(float(-sum(below) / n), abs=1e-15)
    assert downside_frequency(returns, target=target) == len([a for a in apart if a < 0]) / n
    mean = sum(apart, Fraction(0)) / n
    assert mean_absolute_deviation(returns) == pytest.approx(
        float(sum(abs(a - mean) for a in apart) / n), abs=1e-15
    )
    lower = [min(a - mean, Fraction(0)) for a in apart]
    assert semideviation(returns) ** 2 == pytest.approx(float(sum(a * a for a in lower) / n), abs=1e-12)


@given(returns=series, target=targets)
def test_up_is_the_mirror_of_down_and_both_make_the_whole(returns: FloatArray, target: float) -> None:
    assert upside_risk(returns, target=target) == downside_deviation(-returns, target=-target)
    assert upside_potential(returns, target=target) == downside_potential(-returns, target=-target)
    both = upside_risk(returns, target=target) ** 2 + downside_deviation(returns, target=target) ** 2
    spread = volatility(returns, ddof=0) ** 2 + (returns.mean() - target) ** 2
    assert both == pytest.approx(spread, abs=1e-12)
    mean = upside_potential(returns, target=target) - downside_potential(returns, target=target)
    assert mean == pytest.approx(returns.mean() - target, abs=1e-12)


def test_a_return_exactly_on_the_target_lacks_nothing() -> None:
    on = np.full(3, 0.01)
    assert downside_frequency(on, target=0.01) == 0.0
    assert downside_frequency(on, target=float(np.nextafter(0.01, 1))) == 1.0
    assert downside_deviation(on, target=0.01) == 0.0


WITH_TARGET: list[Callable[..., float]] = [
    downside_deviation,
    upside_risk,
    upside_potential,
    downside_potential,
    downside_frequency,
]


@pytest.mark.parametrize("target", [NAN, INF, True])
@pytest.mark.parametrize("measure", WITH_TARGET)
def test_a_target_is_a_finite_number(measure: Callable[..., float], target: float) -> None:
    with pytest.raises(NotFinite, match=r"^target must be a finite number"):
        measure(np.ones(3), target=target)


@pytest.mark.parametrize(
    "measure", [downside_deviation, downside_potential, semideviation, mean_absolute_deviation]
)
def test_what_leaves_the_floats_is_an_error(measure: Callable[..., float]) -> None:
    with pytest.raises(NotFinite):
        measure(np.array([-1.7e308, -1.7e308, 1.7e308, -1.7e308]))
