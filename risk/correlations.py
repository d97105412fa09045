"""How far returns move together."""

import numpy as np

from risk.errors import NotFinite, OutOfRange
from risk.numbers import describe
from risk.series import (
    FloatArray,
    is_constant,
    require_matrix,
    require_result,
    require_same_length,
    require_series,
)

METHODS = ("pearson", "spearman")


def correlation(returns: FloatArray, others: FloatArray, *, method: str = "pearson") -> float:
    """Return the correlation of two series.

    returns, others  shape (periods,), at least 2 and as many; neither all the same
    method           pearson: of the values; spearman: of their ranks, ties sharing the mean of theirs
    result           in [-1, 1]

    Raises:  NotFinite, also where one is all the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Pearson (1895), Proc. Royal Society 58; Spearman (1904), American J. Psychology 15(1).
    """
    one, other = require_series("returns", returns, least=2), require_series("others", others, least=2)
    require_same_length("returns", one, "others", other)
    if method not in METHODS:
        raise OutOfRange(f"method must be pearson or spearman, not {describe(method)}.")
    if method == "spearman":
        one, other = ranks(one), ranks(other)
    return float(_correlate(np.stack((one, other), axis=1))[0, 1])


def correlation_matrix(returns: FloatArray) -> FloatArray:
    """Return the correlation of each asset with each other.

    returns  shape (periods, assets), at least 2 periods; no column all the same
    result   shape (assets, assets), symmetric, in [-1, 1], with 1 on the diagonal

    Raises:  NotFinite, also where a column is all the same; WrongShape; TooFewObservations.
    """
    return _correlate(require_matrix("returns", returns, least=2))


def average_correlation(returns: FloatArray, weights: FloatArray | None = None) -> float:
    """Return the mean correlation over all pairs of different assets, weighted by both weights if given.

    returns  shape (periods, assets), at least 2 of each; no column all the same
    weights  shape (assets,), exposures in any unit, at least two not 0; below 0 for a short, which turns
             the sign of its correlations: a long and a short of the same thing do not add up
    result   in [-1, 1]

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Tierens & Anadu (2004), Goldman Sachs: average pairwise correlation, rho_av(1) and rho_av(2).
    """
    matrix = correlation_matrix(returns)
    shares = np.ones(len(matrix)) if weights is None else require_series("weights", weights)
    require_same_length("returns' columns", matrix, "weights", shares)
    shares = shares / max(float(np.abs(shares).max()), np.finfo(np.float64).tiny)
    pairs = np.outer(np.abs(shares), np.abs(shares))
    np.fill_diagonal(pairs, 0.0)
    total = float(pairs.sum())
    if total == 0.0:
        raise OutOfRange("There is no pair of assets that both have a weight.")
    signs = np.sign(shares)
    return float((pairs * matrix * np.outer(signs, signs)).sum()) / total


def covariance_matrix(returns: FloatArray, *, ddof: int = 1) -> FloatArray:
    """Return the covariance of each asset with each other, a period's.

    returns  shape (periods, assets), more than ddof periods
    ddof     what is taken off the count: 1 for the sample's, 0 for the population's
    result   shape (assets, assets), symmetric, squared fractions

    Raises:  NotFinite; WrongShape; TooFewObservations.
    """
    matrix = require_matrix("returns", returns, least=ddof + 1)
    with np.errstate(over="ignore", invalid="ignore"):
        apart = matrix - matrix.mean(axis=0)
        return require_matrix("The covariance", apart.T @ apart / (len(matrix) - ddof))


def ranks(values: FloatArray) -> FloatArray:
    """Return the place of each value among all from 1, ties sharing the mean of theirs: shape (n,)."""
    values = require_series("values", values)
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: FloatArray = (last - (counts - 1) / 2.0)[places]
    return means


@np.errstate(over="ignore", invalid="ignore")
def _correlate(returns: FloatArray) -> FloatArray:
    for column in range(returns.shape[1]):
        if is_constant(returns[:, column]):
            raise NotFinite(f"Column {column} of returns is all the same: it correlates with nothing.")
    apart = returns - returns.mean(axis=0)
    apart /= np.abs(apart).max(axis=0)  # first, so that no square leaves the floats
    apart /= np.sqrt(np.einsum("ij,ij->j", apart, apart))
    matrix: FloatArray = np.clip(apart.T @ apart, -1.0, 1.0)
    np.fill_diagonal(matrix, 1.0)
    require_result("The correlation", float(matrix.sum()))
    return matrix
