"""The shape of a distribution of returns: centre, spread, lean and weight of the tails."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from risk.errors import NotFinite, TooFewObservations
from risk.numbers import require_count
from risk.series import FloatArray, dot, is_constant, mean_of, require_result, require_series


class Moments(NamedTuple):
    """The first four moments of a series of returns, a period each.

    mean, deviation   fractions; the deviation is above 0
    skewness          third standardised moment, 0 for a symmetric distribution, below 0 for a long loss tail
    excess_kurtosis   fourth standardised moment less 3, 0 for a normal distribution
    """

    mean: float
    deviation: float
    skewness: float
    excess_kurtosis: float


def four_moments(returns: FloatArray, *, ddof: int = 1) -> Moments:
    """Return the four moments that the parametric tails are made of.

    returns  shape (periods,), at least 4, not all the same
    ddof     what is taken off the count in the deviation: 1 for the sample's, 0 for the population's; the
             higher moments are always the population's, m3 / m2^1.5 and m4 / m2^2 - 3

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Joanes & Gill (1998), The Statistician 47(1).
    """
    returns, ddof = require_series("returns", returns, least=4), require_count("ddof", ddof, least=0)
    mean, second, third, fourth = _central("returns", returns)
    deviation = sqrt(_unbiased(second, len(returns), ddof))
    return Moments(mean, deviation, third / (second * sqrt(second)), fourth / second**2 - 3.0)


def skewness(returns: FloatArray, *, is_sample: bool = False) -> float:
    """Return how far the distribution leans: below 0 where the long tail is of losses.

    returns    shape (periods,), at least 3, not all the same
    is_sample  False: of the population, g1 = m3 / m2^1.5; True: of the sample, G1 = g1 sqrt(n(n-1)) / (n-2),
               as Excel, SAS and pandas have it
    result     pure number

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations.
    Source:  Joanes & Gill (1998), The Statistician 47(1).
    """
    returns = require_series("returns", returns, least=3)
    n, (_, second, third, _) = len(returns), _central("returns", returns)
    lean = third / (second * sqrt(second))
    return lean * sqrt(n * (n - 1)) / (n - 2) if is_sample else lean


def excess_kurtosis(returns: FloatArray, *, is_sample: bool = False) -> float:
    """Return how heavy the tails are beside a normal distribution's, which has 0; add 3 for plain kurtosis.

    returns    shape (periods,), at least 4, not all the same
    is_sample  False: of the population, g2 = m4 / m2^2 - 3, never below -2;
               True: of the sample, G2 = ((n+1) g2 + 6)(n-1) / ((n-2)(n-3)), as Excel, SAS and pandas have it
    result     pure number

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations.
    Source:  Joanes & Gill (1998), The Statistician 47(1).
    """
    returns = require_series("returns", returns, least=4)
    n, (_, second, _, fourth) = len(returns), _central("returns", returns)
    weight = fourth / second**2 - 3.0
    return ((n + 1) * weight + 6.0) * (n - 1) / ((n - 2) * (n - 3)) if is_sample else weight


def standard_deviation(name: str, values: FloatArray, ddof: int = 1) -> float:
    """Return the deviation of trusted *values*; equal values give 0, whatever their rounding.

    Raises:  NotFinite if squares leave the floats; TooFewObservations if there are no more than *ddof*.
    """
    if is_constant(values):
        _unbiased(0.0, len(values), ddof)
        return 0.0
    return sqrt(_unbiased(_central(name, values)[1], len(values), ddof))


def _unbiased(variance: float, observations: int, ddof: int) -> float:
    if observations <= ddof:
        raise TooFewObservations(f"{observations} observations are too few for a ddof of {ddof}.")
    return variance * (observations / (observations - ddof))


@np.errstate(over="ignore", invalid="ignore")
def _central(name: str, values: FloatArray) -> tuple[float, float, float, float]:
    """Return the mean and the second to fourth central moments, divided by n."""
    if is_constant(values):
        raise NotFinite(f"{name} are all the same, and so have no shape.")
    mean = mean_of(name, values)
    apart = values - mean
    squares = apart * apart
    second = require_result(f"The variance of {name}", float(np.add.reduce(squares)) / len(values))
    third = dot(squares, apart) / len(values)
    fourth = require_result(f"The fourth moment of {name}", dot(squares, squares) / len(values))
    return mean, second, third, fourth
