"""Returns: from prices, weighted into a portfolio's, and compounded."""

import numpy as np

from risk.errors import OutOfRange, WrongShape
from risk.numbers import describe, require_positive
from risk.series import FloatArray, require_matrix, require_result, require_series


def simple_returns(prices: FloatArray) -> FloatArray:
    """Return what each price is above the one before, as a fraction of it.

    prices  shape (n,), at least 2, oldest first, above 0
    result  shape (n - 1,), fractions above -1: -0.01 is a 1 % loss

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    prices = require_prices(prices)
    with np.errstate(over="ignore"):
        return require_series("The returns", prices[1:] / prices[:-1] - 1.0)


def log_returns(prices: FloatArray) -> FloatArray:
    """Return the logarithm of each price over the one before.

    prices  shape (n,), at least 2, oldest first, above 0
    result  shape (n - 1,), continuously compounded fractions

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    return np.diff(np.log(require_prices(prices)))


def portfolio_returns(returns: FloatArray, weights: FloatArray) -> FloatArray:
    """Return what a portfolio made in each period that is brought back to *weights* before each.

    returns  shape (periods, assets), simple returns as fractions
    weights  shape (assets,), fractions of equity, below 0 for a short; what is missing to 1 is cash
    result   shape (periods,), fractions of equity

    Raises:  NotFinite; WrongShape; TooFewObservations.
    """
    matrix, shares = require_matrix("returns", returns), require_series("weights", weights)
    if matrix.shape[1] != len(shares):
        raise WrongShape(f"returns has {matrix.shape[1]} columns for {len(shares)} weights.")
    with np.errstate(over="ignore", invalid="ignore"):
        return require_series("The portfolio's returns", matrix @ shares)


def total_return(returns: FloatArray) -> float:
    """Return what the periods make together: the product of (1 + return), less 1.

    returns  shape (periods,), simple returns as fractions, none below -1
    result   fraction of the first equity, from -1 up

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    growth = 1.0 + require_growth(returns)
    with np.errstate(over="ignore", invalid="ignore"):
        return require_result("The total return", float(np.multiply.reduce(growth)) - 1.0)


def annual_return(returns: FloatArray, *, periods_per_year: float) -> float:
    """Return the yearly rate that compounds to the same total (CAGR).

    returns           shape (periods,), simple returns as fractions, none below -1
    periods_per_year  above 0: 252 for trading days, 365 for a market that never closes
    result            fraction a year, from -1 up

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    returns = require_growth(returns)
    years = len(returns) / require_positive("periods_per_year", periods_per_year)
    with np.errstate(over="ignore", divide="ignore"):
        rate = np.expm1(np.add.reduce(np.log1p(returns)) / years)  # logarithms: products may leave the floats
    return require_result("The annual return", float(rate))


def require_growth(returns: object, *, least: int = 1) -> FloatArray:
    """Return simple returns that equity can be compounded from: a series with none below -1.

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    series = require_series("returns", returns, least=least)
    worst = float(np.minimum.reduce(series))
    if worst < -1.0:
        raise OutOfRange(f"returns must be -1 or more, not {describe(worst)}: nothing loses more than all.")
    return series


def require_prices(prices: object, *, least: int = 2) -> FloatArray:
    """Return a series of prices above 0.

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    series = require_series("prices", prices, least=least)
    lowest = float(series.min())
    if lowest <= 0:
        raise OutOfRange(f"prices must be above 0, not {describe(lowest)}.")
    return series
