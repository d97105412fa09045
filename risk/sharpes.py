"""How far a Sharpe ratio can be believed, given its length, its returns' shape, and how many were tried."""

from math import e, sqrt

from risk.errors import NotFinite, OutOfRange
from risk.moments import four_moments
from risk.normals import normal_quantile, normal_share
from risk.numbers import describe, require_count, require_finite, require_not_negative
from risk.series import FloatArray, require_series

EULER_MASCHERONI = 0.57721566490153286


def probabilistic_sharpe_ratio(returns: FloatArray, *, benchmark: float = 0.0, ddof: int = 1) -> float:
    """Return the chance that the true Sharpe ratio is above *benchmark*.

    returns    shape (periods,), at least 4, not all the same; simple returns above the risk-free rate
    benchmark  a Sharpe ratio of one period, not of a year
    ddof       of the deviation in the ratio: 1 for the sample's, 0 for the population's
    result     in [0, 1]; skewed and fat-tailed returns need more periods for the same chance

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations.
    Source:  Bailey & López de Prado (2012), The Sharpe Ratio Efficient Frontier, J. Risk 15(2).
    """
    observed, of = _sharpe(returns, ddof)
    return probability_of_sharpe(
        observed,
        periods=len(returns),
        skewness=of[0],
        excess_kurtosis=of[1],
        benchmark=benchmark,
    )


def probability_of_sharpe(
    sharpe: float,
    *,
    periods: int,
    skewness: float = 0.0,
    excess_kurtosis: float = 0.0,
    benchmark: float = 0.0,
) -> float:
    """Return the chance that the true Sharpe ratio is above *benchmark*, from the figures of a record.

    sharpe, benchmark          of one period
    periods                    how many there were, at least 2
    skewness, excess_kurtosis  of the returns; normal returns have 0 and 0
    result                     in [0, 1]

    Raises:  NotFinite; OutOfRange, also for a kurtosis that no returns of that skewness have.
    Source:  Bailey & López de Prado (2012); Mertens (2002) for the variance.
    """
    gap = require_finite("sharpe", sharpe) - require_finite("benchmark", benchmark)
    periods = require_count("periods", periods, least=2)
    error = sqrt(_variance(sharpe, skewness, excess_kurtosis) / (periods - 1))
    return normal_share(gap / error)


def minimum_track_record(
    returns: FloatArray, *, benchmark: float = 0.0, confidence: float = 0.95, ddof: int = 1
) -> float:
    """Return how many periods would show a Sharpe ratio above *benchmark* with *confidence*.

    returns     as of `probabilistic_sharpe_ratio`, with a Sharpe ratio above the benchmark
    confidence  in (0, 1)
    result      periods, not rounded, above 1

    Raises:  NotFinite; OutOfRange if the ratio is not above the benchmark: no record is long enough.
    Source:  Bailey & López de Prado (2012), on the minimum track record length.
    """
    observed, of = _sharpe(returns, ddof)
    gap = observed - require_finite("benchmark", benchmark)
    if gap <= 0.0:
        raise OutOfRange(f"The Sharpe ratio {describe(observed)} is not above {describe(benchmark)}.")
    return 1.0 + _variance(observed, *of) * (normal_quantile(confidence) / gap) ** 2


def expected_best_sharpe(trials: int, *, deviation: float) -> float:
    """Return the Sharpe ratio to expect of the best of *trials* strategies none of which has any skill.

    trials     independent ones, at least 1; the best of one is expected at 0
    deviation  of the Sharpe ratios over the trials, of one period, 0 or more
    result     of one period, 0 or more

    Raises:  NotFinite; OutOfRange.
    Source:  Bailey & López de Prado (2014), The Deflated Sharpe Ratio, J. Portfolio Management 40(5).
    """
    trials, spread = require_count("trials", trials), require_not_negative("deviation", deviation)
    if trials == 1:
        return 0.0
    usual, last = normal_quantile(1.0 - 1.0 / trials), normal_quantile(1.0 - 1.0 / (trials * e))
    return spread * ((1.0 - EULER_MASCHERONI) * usual + EULER_MASCHERONI * last)


def deflated_sharpe_ratio(returns: FloatArray, *, trials: int, deviation: float, ddof: int = 1) -> float:
    """Return the chance that the true Sharpe ratio is above what the best of *trials* lucky ones would show.

    returns    of the strategy that was chosen, as of `probabilistic_sharpe_ratio`
    trials     how many were tried to find it, at least 1
    deviation  of their Sharpe ratios, of one period
    result     in [0, 1]; with one trial the `probabilistic_sharpe_ratio` above 0

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Bailey & López de Prado (2014), The Deflated Sharpe Ratio, J. Portfolio Management 40(5).
    """
    best = expected_best_sharpe(trials, deviation=deviation)
    return probabilistic_sharpe_ratio(returns, benchmark=best, ddof=ddof)


def _sharpe(returns: FloatArray, ddof: int) -> tuple[float, tuple[float, float]]:
    of = four_moments(require_series("returns", returns, least=4), ddof=ddof)
    return of.mean / of.deviation, (of.skewness, of.excess_kurtosis)


def _variance(sharpe: float, skewness: float, excess_kurtosis: float) -> float:
    """Return the variance of an estimated Sharpe ratio, times periods less 1."""
    lean = require_finite("skewness", skewness)
    weight = require_finite("excess_kurtosis", excess_kurtosis)
    variance = 1.0 - lean * sharpe + (weight + 2.0) / 4.0 * sharpe * sharpe
    if not variance > 0.0:
        raise OutOfRange(
            f"No returns have a skewness of {describe(lean)}, an excess kurtosis of {describe(weight)} "
            f"and a Sharpe ratio of {describe(sharpe)}."
        )
    if variance == float("inf"):
        raise NotFinite("The variance of the Sharpe ratio leaves the floats.")
    return variance
