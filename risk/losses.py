"""Loss in the bad days: value at risk and expected shortfall, from history alone."""

from fractions import Fraction
from functools import lru_cache
from math import floor

import numpy as np

from risk.errors import OutOfRange, TooFewObservations
from risk.numbers import describe, require_inside
from risk.series import FloatArray, require_result, require_series, total_of

QUANTILES = ("linear", "lower", "upper")
TAILS = ("exact", "whole")

MANY, STRIDE = 4000, 64
FINEST = 10**12  # a level is read as the simplest fraction near it, so that 0.95 is 19/20 and nothing else


def value_at_risk(returns: FloatArray, *, level: float = 0.95, quantile: str = "linear") -> float:
    """Return the loss that is not exceeded in *level* of periods.

    returns   shape (periods,), at least 2, simple returns as fractions: -0.01 is a 1 % loss
    level     in (0, 1)
    quantile  what happens between two observations:
              linear  straight between them, Hyndman and Fan's type 7, as NumPy, R and Excel do by default
              lower   the smallest observed loss x with P(loss <= x) >= level: Rockafellar and Uryasev's
              upper   the smallest observed loss x with P(loss <= x) > level; it differs from lower only
                      where (1 - level) x periods is a whole number, by exactly one observation
    result    fraction of equity, positive for a loss; below 0 if even the tail gained

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Jorion (2006), Value at Risk, 3rd ed., ch. 5 and 10 (historical simulation);
             Hyndman & Fan (1996), American Statistician 50(4); Rockafellar & Uryasev (2002).
    """
    returns, level = require_series("returns", returns, least=2), require_inside("level", level)
    if quantile not in QUANTILES:
        raise OutOfRange(f"quantile must be linear, lower or upper, not {describe(quantile)}.")
    if quantile == "linear":
        below, share = linear_place(len(returns), level)
        parted = _part(returns, below + 1)  # one place is found much faster than two
        worse, better = float(np.maximum.reduce(parted[: below + 1])), float(parted[below + 1])
        return 0.0 - between(worse, better, share)
    whole, rest = tail_length(len(returns), level)
    place = whole - 1 if quantile == "upper" and rest == 0.0 else whole
    return 0.0 - float(_part(returns, place)[place])


def expected_shortfall(returns: FloatArray, *, level: float = 0.95, tail: str = "exact") -> float:
    """Return the mean loss over the worst ``1 - level`` of periods.

    returns  shape (periods,), simple returns as fractions: -0.01 is a 1 % loss
    level    in (0, 1)
    tail     exact: the tail is (1 - level) x periods long, and its last period counts in part;
             whole: every period up to the linear `value_at_risk`, floor((1 - level)(periods - 1)) + 1 of
             them, as empyrical and PerformanceAnalytics have it
    result   fraction of equity, positive for a loss, never below `value_at_risk` by any of its quantiles
             (for the whole tail: by linear)

    Raises:  NotFinite; WrongShape; OutOfRange; TooFewObservations if the tail is shorter than one period.
    Source:  Rockafellar & Uryasev (2002), J. Banking & Finance 26(7), Proposition 8 (the scenario case);
             Acerbi & Tasche (2002), same issue.
    """
    returns, level = require_series("returns", returns, least=2), require_inside("level", level)
    if tail not in TAILS:
        raise OutOfRange(f"tail must be exact or whole, not {describe(tail)}.")
    if tail == "whole":
        whole, rest = linear_place(len(returns), level)[0] + 1, 0.0
    else:
        whole, rest = tail_length(len(returns), level)
    if whole < 1:
        raise TooFewObservations(
            f"The worst {describe(1 - level)} of {len(returns)} periods is not one whole period."
        )
    parted = _part(returns, whole)
    total = total_of(parted[:whole]) + rest * float(parted[whole])
    return require_result("The expected shortfall", 0.0 - total / (whole + rest))


@lru_cache(maxsize=4096)
def tail_length(periods: int, level: float) -> tuple[int, float]:
    """Return how many of *periods* lie beyond *level*, whole ones and the rest of one.

    20 at 0.95 is exactly (1, 0.0), though (1 - 0.95) x 20 is 1.0000000000000009 in floats.
    """
    length = (1 - _exact(level)) * periods
    return floor(length), float(length - floor(length))


@lru_cache(maxsize=4096)
def linear_place(periods: int, level: float) -> tuple[int, float]:
    """Return where the linear quantile lies among *periods* ordered worst first: after which, how far on."""
    place = (1 - _exact(level)) * (periods - 1)
    return floor(place), float(place - floor(place))


def between(low: float, high: float, share: float) -> float:
    """Return the point *share* of the way from *low* to *high*, never outside them and never falling."""
    if share == 0.0:
        return low
    point = 2.0 * (
        0.5 * low + share * (0.5 * high - 0.5 * low)
    )  # halves, as the whole way may leave the floats
    return min(max(point, low), high)


def _part(returns: FloatArray, place: int) -> FloatArray:
    """Return the worst returns in front: those before *place* are no better than the one there.

    Of many returns only those are looked at that every so manieth of them says are bad enough, if that turns
    out to be enough of them.
    """
    if len(returns) > MANY:
        glance = np.sort(returns[::STRIDE])
        bound = glance[min(len(glance) - 1, 4 * place // (3 * STRIDE) + 8)]
        bad = returns.compress(returns <= bound)
        if len(bad) > place:
            returns = bad
    parted = returns.copy()  # what np.partition does, without its own look at it
    parted.partition(place)
    return parted


def _exact(level: float) -> Fraction:
    near = Fraction(level).limit_denominator(FINEST)
    return near if 0 < near < 1 else Fraction(level)
