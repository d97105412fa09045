"""How much of a book lies in few hands: Herfindahl's index and what follows from it."""

import numpy as np

from risk.errors import OutOfRange
from risk.series import FloatArray, dot, require_series


def herfindahl(values: FloatArray) -> float:
    """Return the sum of the squared shares of the book (HHI).

    values  shape (positions,), exposures in one currency or any unit, below 0 for a short: sizes count
    result  in [1/n, 1] for n positions: 1 for a single one, 1/n for n equal ones; x 10,000 in the points
            of competition law

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange if every position is 0.
    Source:  Herfindahl (1950); Hirschman (1964), American Economic Review 54(5);
             Woerheide & Persson (1993), Financial Services Review 2(2).
    """
    shares = exposure_shares(values)
    return min(max(dot(shares, shares), 1.0 / len(shares)), 1.0)


def effective_positions(values: FloatArray) -> float:
    """Return how many equal positions would be as concentrated: 1 / HHI, in [1, n].

    Raises:  as `herfindahl`.
    Source:  Laakso & Taagepera (1979), Comparative Political Studies 12(1).
    """
    return 1.0 / herfindahl(values)


def diversification(values: FloatArray) -> float:
    """Return how evenly the book is spread: 0 for one position, 1 for equal ones, (1 - HHI) / (1 - 1/n).

    values  as of `herfindahl`; positions of 0 are left out

    Raises:  as `herfindahl`.
    Source:  the normalised Herfindahl index, taken from 1.
    """
    shares = exposure_shares(values)
    held = shares[shares > 0]
    if len(held) == 1:
        return 0.0
    return min(max((1.0 - dot(held, held)) / (1.0 - 1.0 / len(held)), 0.0), 1.0)


def largest_share(values: FloatArray) -> float:
    """Return the share of the largest position in the book, in [1/n, 1].

    Raises:  as `herfindahl`.
    """
    return float(exposure_shares(values).max())


def exposure_shares(values: FloatArray) -> FloatArray:
    """Return each position's share of the gross exposure.

    values  as of `herfindahl`
    result  shape (positions,), in [0, 1], summing to 1

    Raises:  as `herfindahl`.
    """
    sizes = np.abs(require_series("values", values))
    largest = float(sizes.max())
    if largest == 0.0:
        raise OutOfRange("values are all 0: an empty book is not concentrated anywhere.")
    sizes = sizes / largest  # first, so that no sum leaves the floats
    return sizes / float(np.add.reduce(sizes))
