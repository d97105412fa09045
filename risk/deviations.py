"""How far returns fall short of a target, or pass it: half of the spread at a time."""

from math import sqrt

import numpy as np

from risk.numbers import require_finite
from risk.series import FloatArray, dot, mean_of, require_result, require_series


def downside_deviation(returns: FloatArray, *, target: float = 0.0) -> float:
    """Return the root mean square of what returns lack to *target*; those above it count as lacking nothing.

    returns  shape (periods,), fractions
    target   fraction a period: the least acceptable return
    result   fraction, 0 or more; divided by all periods, not only by those below

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Sortino & van der Meer (1991), J. Portfolio Management 17(4).
    """
    return _root_mean_square("The downside deviation", np.minimum(_above(returns, target), 0.0))


def semideviation(returns: FloatArray) -> float:
    """Return the downside deviation from the returns' own mean.

    returns  shape (periods,), fractions
    result   fraction, 0 or more

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Markowitz (1959), Portfolio Selection, ch. 9.
    """
    returns = require_series("returns", returns)
    return downside_deviation(returns, target=mean_of("returns", returns))


def upside_risk(returns: FloatArray, *, target: float = 0.0) -> float:
    """Return the root mean square of what returns have above *target*; the mirror of `downside_deviation`.

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Bacon (2008), Practical Portfolio Performance Measurement and Attribution, 2nd ed.
    """
    return _root_mean_square("The upside risk", np.maximum(_above(returns, target), 0.0))


def upside_potential(returns: FloatArray, *, target: float = 0.0) -> float:
    """Return the mean of what returns have above *target*, those below counting as nothing; 0 or more.

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Sortino, van der Meer & Plantinga (1999), J. Portfolio Management 26(1).
    """
    with np.errstate(over="ignore"):
        return require_result("The upside potential", np.maximum(_above(returns, target), 0.0).mean())


def downside_potential(returns: FloatArray, *, target: float = 0.0) -> float:
    """Return the mean of what returns lack to *target*, those above counting as nothing; 0 or more.

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Bacon (2008), 2nd ed.
    """
    with np.errstate(over="ignore"):
        return require_result("The downside potential", np.maximum(-_above(returns, target), 0.0).mean())


def downside_frequency(returns: FloatArray, *, target: float = 0.0) -> float:
    """Return the share of periods strictly below *target*, in [0, 1].

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Bacon (2008), 2nd ed.
    """
    returns = require_series("returns", returns)
    return float(np.count_nonzero(returns < require_finite("target", target))) / len(returns)


def mean_absolute_deviation(returns: FloatArray) -> float:
    """Return the mean distance of returns from their mean: a fraction, 0 or more.

    Raises:  NotFinite; WrongShape; TooFewObservations.
    Source:  Konno & Yamazaki (1991), Management Science 37(5).
    """
    returns = require_series("returns", returns)
    with np.errstate(over="ignore", invalid="ignore"):
        return require_result("The mean absolute deviation", np.abs(returns - returns.mean()).mean())


def _above(returns: FloatArray, target: float) -> FloatArray:
    returns, target = require_series("returns", returns), require_finite("target", target)
    with np.errstate(over="ignore"):
        return returns - target


def _root_mean_square(name: str, values: FloatArray) -> float:
    with np.errstate(over="ignore"):
        return sqrt(require_result(name, dot(values, values) / len(values)))
