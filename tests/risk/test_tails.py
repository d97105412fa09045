"""Parametric losses: published figures, the integral they stand for, and their laws."""

from math import erf, pi, sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    cornish_fisher_expected_shortfall,
    cornish_fisher_value_at_risk,
    excess_kurtosis,
    is_cornish_fisher_sound,
    normal_expected_shortfall,
    normal_value_at_risk,
    parametric_expected_shortfall,
    parametric_value_at_risk,
    skewness,
)
from risk.normals import normal_density, normal_quantile, normal_share
from tests.risk.calls import loosely
from tests.risk.cases import INF, NAN

GRID = (np.arange(10_000) + 0.5) / 10_000  # midpoints, for integrals over the tail


def standard(level: float, lean: float, weight: float) -> float:
    """The corrected quantile of the worst 1 - level, written out as Favre and Galeano have it."""
    z = NormalDist().inv_cdf(1 - level)
    return z + (z * z - 1) / 6 * lean + (z**3 - 3 * z) / 24 * weight - (2 * z**3 - 5 * z) / 36 * lean**2


def lopsided(seed: int = 3, periods: int = 400) -> FloatArray:
    generator = np.random.default_rng(seed)
    return generator.normal(0.001, 0.02, periods) - 0.01 * (generator.gamma(2.0, 0.5, periods) - 1.0)


@pytest.mark.parametrize(
    ("share", "point"),
    [  # Abramowitz & Stegun (1964), tables 26.1 and 26.5
        (0.5, 0.0),
        (0.95, 1.6448536269514722),
        (0.975, 1.959963984540054),
        (0.99, 2.3263478740408408),
        (0.999, 3.090232306167813),
    ],
)
def test_the_quantiles_of_the_tables(share: float, point: float) -> None:
    assert normal_quantile(share) == pytest.approx(point, abs=1e-14)
    assert normal_quantile(1 - share) == pytest.approx(-point, abs=1e-13)
    assert normal_share(point) == pytest.approx(share, rel=1e-15)


@given(point=st.floats(-8, 8))
def test_share_and_quantile_undo_each_other(point: float) -> None:
    share = normal_share(point)
    assert share == pytest.approx(0.5 * (1 + erf(point / sqrt(2))), abs=1e-15)
    if share < 1 - 1e-9:
        assert normal_quantile(share) == pytest.approx(point, abs=1e-6)
    assert normal_share(-point) == pytest.approx(1 - share, abs=1e-15)


def test_the_far_tail_is_small_and_not_nothing() -> None:
    assert normal_share(-20.0) == pytest.approx(2.7536241186062337e-89)
    assert normal_share(-1e200) == 0.0
    assert normal_density(0.0) == 1 / sqrt(2 * pi)
    assert normal_density(-2.0) == normal_density(2.0) == pytest.approx(0.05399096651318806)
    assert normal_density(1e200) == 0.0


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0])
def test_only_shares_between_0_and_1_have_a_quantile(share: float) -> None:
    with pytest.raises(OutOfRange, match=r"^share must lie between 0 and 1"):
        normal_quantile(share)


@pytest.mark.parametrize(
    ("level", "at_risk", "shortfall"),
    [  # McNeil, Frey & Embrechts (2005), example 2.18: 10,000 in a stock of 20 % a year over 250 days
        (0.90, 162.1, 222.0),
        (0.95, 208.1, 260.9),
        (0.975, 247.9, 295.7),
        (0.99, 294.3, 337.1),
        (0.995, 325.8, 365.8),
    ],
)
def test_a_published_table_of_normal_losses(level: float, at_risk: float, shortfall: float) -> None:
    day = {"mean": 0.0, "volatility": 0.2 / sqrt(250)}
    assert 10_000 * loosely(normal_value_at_risk, **day, level=level) == pytest.approx(at_risk, abs=0.06)
    assert 10_000 * loosely(normal_expected_shortfall, **day, level=level) == pytest.approx(
        shortfall, abs=0.06
    )


@given(
    mean=st.floats(-0.1, 0.1),
    volatility=st.floats(0, 1),
    level=st.floats(0.5, 0.999),
    periods=st.integers(1, 250),
)
def test_the_shortfall_is_above_the_value_at_risk_and_both_grow_with_time(
    mean: float, volatility: float, level: float, periods: int
) -> None:
    over = {"mean": mean, "volatility": volatility, "level": level, "horizon_periods": periods}
    at_risk = loosely(normal_value_at_risk, **over)
    shortfall = loosely(normal_expected_shortfall, **over)
    assert shortfall >= at_risk - 1e-12
    z = NormalDist().inv_cdf(level)
    assert at_risk == pytest.approx(volatility * sqrt(periods) * z - mean * periods, abs=1e-9)


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_shortfall_is_the_mean_of_the_quantiles_beyond(level: float) -> None:
    deeper = 1 - (1 - level) * GRID[::5]
    quantiles = [normal_value_at_risk(mean=0.01, volatility=0.2, level=float(at)) for at in deeper]
    wanted = float(np.mean(quantiles))
    assert normal_expected_shortfall(mean=0.01, volatility=0.2, level=level) == pytest.approx(
        wanted, rel=1e-3
    )


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_sample_is_fitted_by_its_mean_and_deviation(ddof: int) -> None:
    returns = lopsided()
    fitted = {"mean": float(np.mean(returns)), "volatility": float(np.std(returns, ddof=ddof))}
    assert parametric_value_at_risk(returns, ddof=ddof, horizon_periods=5) == pytest.approx(
        loosely(normal_value_at_risk, **fitted, horizon_periods=5)
    )
    assert parametric_expected_shortfall(returns, ddof=ddof, level=0.99) == pytest.approx(
        loosely(normal_expected_shortfall, **fitted, level=0.99)
    )


def test_returns_that_never_vary_lose_what_they_lose() -> None:
    assert parametric_value_at_risk(np.full(10, -0.1)) == pytest.approx(0.1, rel=1e-15)
    assert parametric_expected_shortfall(np.full(10, -0.1)) == pytest.approx(0.1, rel=1e-15)
    with pytest.raises(NotFinite, match=r"^returns are all the same"):
        cornish_fisher_value_at_risk(np.full(10, -0.1))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.975, 0.99])
@pytest.mark.parametrize("periods", [1, 10])
def test_the_corrected_quantile_is_the_formula_written_out(level: float, periods: int) -> None:
    returns = lopsided()
    lean, weight = skewness(returns) / sqrt(periods), excess_kurtosis(returns) / periods
    for ddof in (0, 1):
        centre, spread = np.mean(returns) * periods, np.std(returns, ddof=ddof) * sqrt(periods)
        assert cornish_fisher_value_at_risk(
            returns, level=level, horizon_periods=periods, ddof=ddof
        ) == pytest.approx(-(centre + spread * standard(level, lean, weight)))


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_the_corrected_shortfall_is_the_integral_of_the_corrected_quantile(level: float) -> None:
    returns = lopsided()
    lean, weight = skewness(returns), excess_kurtosis(returns)
    deeper = 1 - (1 - level) * GRID
    mean_quantile = float(np.mean([standard(float(at), lean, weight) for at in deeper]))
    wanted = -(np.mean(returns) + np.std(returns, ddof=1) * mean_quantile)
    assert cornish_fisher_expected_shortfall(returns, level=level) == pytest.approx(wanted, rel=2e-3)


def test_without_lean_and_weight_the_correction_is_none() -> None:
    quantiles = [NormalDist().inv_cdf(float(share)) for share in GRID]
    normal = np.array(quantiles) * 0.01
    assert skewness(normal) == pytest.approx(0, abs=1e-9)
    assert cornish_fisher_value_at_risk(normal) == pytest.approx(parametric_value_at_risk(normal), rel=1e-3)


def test_a_long_tail_of_losses_makes_the_loss_larger() -> None:
    returns = lopsided()
    assert skewness(returns) < 0
    assert cornish_fisher_value_at_risk(returns, level=0.99) > parametric_value_at_risk(returns, level=0.99)
    gains = 2 * float(np.mean(returns)) - returns
    assert cornish_fisher_value_at_risk(gains, level=0.99) < parametric_value_at_risk(gains, level=0.99)


@given(lean=st.floats(-4, 4), weight=st.floats(-2, 20))
def test_the_correction_is_sound_where_no_higher_level_has_a_smaller_loss(lean: float, weight: float) -> None:
    points = np.linspace(-40, 40, 4001)
    slope = 1 + points * lean / 3 + (3 * points**2 - 3) * weight / 24 - (6 * points**2 - 5) * lean**2 / 36
    if is_cornish_fisher_sound(lean, weight):
        assert slope.min() >= -1e-9
    else:
        far = weight / 8 - lean * lean / 6
        lowest = -lean / 6 / far if far > 0 else 0.0  # of the quadratic; a downward one ends below 0 anyway
        assert (
            far < 0
            or (far == 0 and lean != 0)
            or (1 + lowest * lean / 3 + far * lowest**2 - weight / 8 + 5 * lean**2 / 36 < 1e-9)
        )


@pytest.mark.parametrize(
    ("lean", "weight", "is_sound"),
    [
        (0, 0, True),
        (0, 8, True),
        (0, 8.001, False),
        (0, -0.001, False),
        (0.5, 1, True),
        (-2.6, 16, False),
        (20, 493, False),
    ],
)
def test_the_ends_of_where_the_correction_holds(lean: float, weight: float, is_sound: bool) -> None:
    assert is_cornish_fisher_sound(lean, weight) is is_sound


@given(seed=st.integers(0, 1000), level=st.floats(0.9, 0.995))
def test_where_the_correction_is_sound_its_shortfall_is_above_its_value_at_risk(
    seed: int, level: float
) -> None:
    returns = lopsided(seed, 120)
    if is_cornish_fisher_sound(skewness(returns), excess_kurtosis(returns)):
        assert cornish_fisher_expected_shortfall(returns, level=level) >= cornish_fisher_value_at_risk(
            returns, level=level
        )


@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10), shift=st.floats(-0.5, 0.5))
def test_losses_scale_and_shift_with_the_returns(seed: int, scale: float, shift: float) -> None:
    returns = lopsided(seed, 60)
    for measure in (
        parametric_value_at_risk,
        parametric_expected_shortfall,
        cornish_fisher_value_at_risk,
        cornish_fisher_expected_shortfall,
    ):
        moved = measure(returns * scale + shift)
        assert moved == pytest.approx(scale * measure(returns) - shift, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("value", [NAN, INF, True])
@pytest.mark.parametrize("name", ["mean", "volatility", "level"])
def test_figures_that_are_not_finite_are_errors_that_name_them(name: str, value: float) -> None:
    figures = {"mean": 0.0, "volatility": 0.1, "level": 0.95} | {name: value}
    for measure in (normal_value_at_risk, normal_expected_shortfall):
        with pytest.raises(NotFinite, match=f"^{name}|^share"):
            loosely(measure, **figures)


@pytest.mark.parametrize(
    "figures",
    [{"volatility": -0.1}, {"level": 1.0}, {"level": 0.0}, {"horizon_periods": 0}, {"horizon_periods": 1.5}],
)
def test_figures_without_meaning_are_errors(figures: dict[str, float]) -> None:
    for measure in (normal_value_at_risk, normal_expected_shortfall):
        with pytest.raises(OutOfRange):
            loosely(measure, **({"mean": 0.0, "volatility": 0.1} | figures))


def test_a_fit_needs_as_many_periods_as_it_has_figures() -> None:
    with pytest.raises(TooFewObservations):
        parametric_value_at_risk(np.array([0.1]))
    with pytest.raises(TooFewObservations, match=r"^2 observations are too few for a ddof of 2\.$"):
        parametric_value_at_risk(np.array([0.1, 0.2]), ddof=2)
    with pytest.raises(TooFewObservations):
        cornish_fisher_value_at_risk(np.array([0.1, 0.2, 0.3]))
    with pytest.raises(OutOfRange, match=r"^horizon_periods must be a whole number"):
        cornish_fisher_expected_shortfall(lopsided(), horizon_periods=0)
