"""How much returns move: all periods alike, or the latest most."""

from math import log, sqrt

import numpy as np

from risk.errors import OutOfRange
from risk.moments import standard_deviation
from risk.numbers import describe, require_count, require_inside, require_positive
from risk.returns import log_returns
from risk.series import FloatArray, dot, require_result, require_series

STARTS = ("weights", "first")


def volatility(returns: FloatArray, *, periods_per_year: float = 1.0, ddof: int = 1) -> float:
    """Return the standard deviation of *returns*, over one period or a year.

    returns           shape (periods,), fractions; more than ddof of them
    periods_per_year  1 leaves it a period's; 252 makes a day's a year's, with its square root
    ddof              what is taken off the count: 1 for the sample's, 0 for the population's
    result            fraction, 0 or more

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    returns, ddof = require_series("returns", returns), require_count("ddof", ddof, least=0)
    scale = sqrt(require_positive("periods_per_year", periods_per_year))
    return require_result("The volatility", standard_deviation("returns", returns, ddof) * scale)


def close_to_close_volatility(closes: FloatArray, *, periods_per_year: float = 1.0, ddof: int = 1) -> float:
    """Return the standard deviation of the logarithmic returns from close to close.

    closes  shape (n,), at least 2 more than ddof - 1, oldest first, above 0
    result  as of `volatility`

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Parkinson (1980), J. Business 53(1), calls it the traditional estimate.
    """
    return volatility(log_returns(closes), periods_per_year=periods_per_year, ddof=ddof)


def ewma_volatility(
    returns: FloatArray, *, decay: float = 0.94, periods_per_year: float = 1.0, start: str = "weights"
) -> float:
    """Return the forecast of the next period's volatility, each period counting *decay* of the one after it.

    returns           shape (periods,), oldest first, fractions; their mean is taken to be 0
    decay             in (0, 1): RiskMetrics has 0.94 for days and 0.97 for months
    periods_per_year  1 leaves it a period's
    start             weights: decay^age, made to sum to 1 over what there is (pandas' adjust=True);
                      first: the recursion v = decay v + (1 - decay) r², begun with the first r²
    result            fraction, 0 or more

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  J.P. Morgan/Reuters (1996), RiskMetrics Technical Document, 4th ed., ch. 5.
    """
    returns, decay = require_series("returns", returns), require_inside("decay", decay)
    scale = sqrt(require_positive("periods_per_year", periods_per_year))
    if start not in STARTS:
        raise OutOfRange(f"start must be weights or first, not {describe(start)}.")
    with np.errstate(over="ignore"):
        squares = returns * returns
    weights = np.exp(log(decay) * np.arange(len(returns) - 1.0, -1.0, -1.0))
    if start == "first":
        weights[1:] *= 1.0 - decay
    else:
        weights /= np.add.reduce(weights)
    return require_result("The volatility", sqrt(dot(weights, squares)) * scale)
