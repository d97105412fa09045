"""What each position adds to the risk of the whole book; the parts sum to the whole."""

import numpy as np

from risk.correlations import covariance_matrix
from risk.errors import NotFinite, TooFewObservations, WrongShape
from risk.losses import tail_length
from risk.numbers import require_inside
from risk.series import FloatArray, require_matrix, require_result, require_series


def volatility_contributions(returns: FloatArray, weights: FloatArray, *, ddof: int = 1) -> FloatArray:
    """Return each asset's part of the portfolio's volatility.

    returns  shape (periods, assets), simple returns as fractions; more than ddof periods
    weights  shape (assets,), fractions of equity, below 0 for a short
    ddof     what is taken off the count: 1 for the sample's, 0 for the population's
    result   shape (assets,), fractions of equity, summing to the portfolio's volatility; below 0 for a hedge

    Raises:  NotFinite, also where the portfolio does not move; WrongShape; TooFewObservations.
    Source:  Tasche (1999), Risk contributions and performance measurement (Euler's allocation);
             Litterman (1996), Hot Spots and Hedges, J. Portfolio Management.
    """
    _, shares = _fit(returns, weights)
    covariance = covariance_matrix(returns, ddof=ddof)
    with np.errstate(over="ignore", invalid="ignore"):
        marginal = covariance @ shares
        variance = require_result("The portfolio's variance", float(np.dot(shares, marginal)))
    if variance <= 0.0:
        raise NotFinite("The portfolio does not move, so no part of it has a share in that.")
    return require_series("The contributions", shares * marginal / np.sqrt(variance))


def shortfall_contributions(returns: FloatArray, weights: FloatArray, *, level: float = 0.95) -> FloatArray:
    """Return each asset's part of the portfolio's expected shortfall: its own mean loss on those bad days.

    returns  shape (periods, assets), simple returns as fractions
    weights  shape (assets,), fractions of equity, below 0 for a short
    level    in (0, 1)
    result   shape (assets,), fractions of equity, positive for a loss, summing to the exact
             `expected_shortfall` of the portfolio's returns; below 0 for a hedge

    Raises:  NotFinite; WrongShape; OutOfRange; TooFewObservations if the tail is shorter than one period.
    Source:  Tasche (1999); Rockafellar & Uryasev (2002), scenario case.
    """
    matrix, shares = _fit(returns, weights)
    whole, rest = tail_length(len(matrix), require_inside("level", level))
    if whole < 1:
        raise TooFewObservations(f"The tail of {len(matrix)} periods beyond {level} is not one whole period.")
    with np.errstate(over="ignore", invalid="ignore"):
        parts = matrix * shares
        worst = np.argsort(parts.sum(axis=1), kind="stable")
        total = parts[worst[:whole]].sum(axis=0) + rest * parts[worst[whole]]
        return require_series("The contributions", 0.0 - total / (whole + rest))


def diversification_ratio(returns: FloatArray, weights: FloatArray, *, ddof: int = 1) -> float:
    """Return the weighted volatilities over the portfolio's: 1 for one asset, more where they offset.

    The arguments are those of `volatility_contributions`; weights count by size.
    result  1 or more, for weights of one sign

    Raises:  NotFinite, also where the portfolio does not move; WrongShape; TooFewObservations.
    Source:  Choueifaty & Coignard (2008), J. Portfolio Management 35(1).
    """
    whole = float(volatility_contributions(returns, weights, ddof=ddof).sum())
    alone = np.sqrt(np.diagonal(covariance_matrix(returns, ddof=ddof)))
    return require_result("The diversification ratio", float(np.dot(np.abs(weights), alone)) / whole)


def _fit(returns: object, weights: object) -> tuple[FloatArray, FloatArray]:
    matrix, shares = require_matrix("returns", returns), require_series("weights", weights)
    if matrix.shape[1] != len(shares):
        raise WrongShape(f"returns has {matrix.shape[1]} columns for {len(shares)} weights.")
    return matrix, shares
