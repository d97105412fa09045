"""Loss in the bad days, by a formula: normal returns, and normal returns corrected for lean and fat tails."""

from math import sqrt

from risk.moments import Moments, four_moments, standard_deviation
from risk.normals import normal_density, normal_quantile
from risk.numbers import require_count, require_finite, require_inside, require_not_negative
from risk.series import FloatArray, mean_of, require_result, require_series


def normal_value_at_risk(
    *, mean: float, volatility: float, level: float = 0.95, horizon_periods: int = 1
) -> float:
    """Return the loss that a normal distribution exceeds with a chance of ``1 - level``.

    mean, volatility  of one period's return, as fractions; the volatility 0 or more
    level             in (0, 1)
    horizon_periods   periods held: the mean grows with them, the volatility with their square root
    result            fraction of equity, positive for a loss; below 0 where the mean outweighs the tail

    Raises:  NotFinite; OutOfRange.
    Source:  J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed.; Jorion (2006), ch. 5.
    """
    centre, spread = _over(mean, volatility, horizon_periods)
    return require_result("The value at risk", spread * normal_quantile(level) - centre)


def normal_expected_shortfall(
    *, mean: float, volatility: float, level: float = 0.95, horizon_periods: int = 1
) -> float:
    """Return the mean loss of a normal distribution over the worst ``1 - level`` of cases.

    The arguments and the result are those of `normal_value_at_risk`, and never below it.

    Raises:  NotFinite; OutOfRange.
    Source:  McNeil, Frey & Embrechts (2005), Quantitative Risk Management, Example 2.18.
    """
    centre, spread = _over(mean, volatility, horizon_periods)
    density = normal_density(normal_quantile(level))
    return require_result("The expected shortfall", spread * density / (1.0 - level) - centre)


def parametric_value_at_risk(
    returns: FloatArray, *, level: float = 0.95, horizon_periods: int = 1, ddof: int = 1
) -> float:
    """Return the value at risk of a normal distribution with the mean and deviation of *returns*.

    returns  shape (periods,), simple returns as fractions: -0.01 is a 1 % loss; at least 2
    ddof     what is taken off the count in the deviation: 1 for the sample's, 0 for the population's
    result   as of `normal_value_at_risk`

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  as of `normal_value_at_risk` (variance-covariance, delta-normal).
    """
    mean, deviation = _sample(returns, ddof)
    return normal_value_at_risk(mean=mean, volatility=deviation, level=level, horizon_periods=horizon_periods)


def parametric_expected_shortfall(
    returns: FloatArray, *, level: float = 0.95, horizon_periods: int = 1, ddof: int = 1
) -> float:
    """Return the expected shortfall of a normal distribution with the mean and deviation of *returns*.

    The arguments are those of `parametric_value_at_risk`; the result is never below it.

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  as of `normal_expected_shortfall`.
    """
    mean, deviation = _sample(returns, ddof)
    return normal_expected_shortfall(
        mean=mean, volatility=deviation, level=level, horizon_periods=horizon_periods
    )


def cornish_fisher_value_at_risk(
    returns: FloatArray, *, level: float = 0.95, horizon_periods: int = 1, ddof: int = 1
) -> float:
    """Return the normal value at risk, its quantile corrected for skewness and kurtosis ("modified VaR").

    returns  shape (periods,), at least 4, not all the same
    ddof     of the deviation only: 1 for the sample's, 0 as PerformanceAnalytics has it; skewness and
             excess kurtosis are always the population's, and shrink with the horizon as sums of
             independent periods do
    result   fraction of equity, positive for a loss. Where `is_cornish_fisher_sound` says no, the
             corrected quantiles cross each other and the number should not be trusted

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Cornish & Fisher (1938), Revue de l'Institut International de Statistique 5(4);
             Favre & Galeano (2002), J. Alternative Investments 5(2).
    """
    of = _over_horizon(four_moments(returns, ddof=ddof), horizon_periods)
    z, lean, weight = normal_quantile(1.0 - require_inside("level", level)), of.skewness, of.excess_kurtosis
    corrected = (
        z
        + (z**2 - 1.0) * lean / 6.0
        + (z**3 - 3.0 * z) * weight / 24.0
        - (2.0 * z**3 - 5.0 * z) * lean**2 / 36.0
    )
    return require_result("The value at risk", 0.0 - (of.mean + of.deviation * corrected))


def cornish_fisher_expected_shortfall(
    returns: FloatArray, *, level: float = 0.95, horizon_periods: int = 1, ddof: int = 1
) -> float:
    """Return the mean of the corrected quantiles beyond *level*: the integral of the value at risk.

    The arguments are those of `cornish_fisher_value_at_risk`; where `is_cornish_fisher_sound` says yes,
    the result is never below it.

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Maillard (2012), A User's Guide to the Cornish Fisher Expansion: the integral in closed form,
             since the Hermite polynomials He_n times the density integrate to -He_(n-1) times it.
    """
    of = _over_horizon(four_moments(returns, ddof=ddof), horizon_periods)
    z, lean, weight = normal_quantile(1.0 - require_inside("level", level)), of.skewness, of.excess_kurtosis
    factor = 1.0 + z * lean / 6.0 + (z**2 - 1.0) * weight / 24.0 - (2.0 * z**2 - 1.0) * lean**2 / 36.0
    spread = of.deviation * normal_density(z) / (1.0 - level)
    return require_result("The expected shortfall", spread * factor - of.mean)


def is_cornish_fisher_sound(skewness: float, excess_kurtosis: float) -> bool:
    """Return whether the corrected quantiles rise with the level everywhere, so that they are quantiles.

    skewness, excess_kurtosis  of the population, pure numbers

    Raises:  NotFinite.
    Source:  Maillard (2012), A User's Guide to the Cornish Fisher Expansion: the slope is a quadratic in z,
             (K/8 - S²/6) z² + (S/3) z + (1 - K/8 + 5 S²/36), and must have no root.
    """
    lean, weight = require_finite("skewness", skewness), require_finite("excess_kurtosis", excess_kurtosis)
    square, constant = weight / 8 - lean * lean / 6, 1 - weight / 8 + 5 * lean * lean / 36
    return square >= 0 and lean * lean / 9 <= 4 * square * constant


def _sample(returns: FloatArray, ddof: int) -> tuple[float, float]:
    returns, ddof = require_series("returns", returns, least=2), require_count("ddof", ddof, least=0)
    deviation = standard_deviation("returns", returns, ddof)
    return mean_of("returns", returns), deviation


def _over(mean: float, volatility: float, horizon_periods: int) -> tuple[float, float]:
    periods = require_count("horizon_periods", horizon_periods)
    centre = require_finite("mean", mean) * periods
    return centre, require_not_negative("volatility", volatility) * sqrt(periods)


def _over_horizon(of: Moments, horizon_periods: int) -> Moments:
    periods = require_count("horizon_periods", horizon_periods)
    centre, spread = _over(of.mean, of.deviation, periods)
    return Moments(centre, spread, of.skewness / sqrt(periods), of.excess_kurtosis / periods)
