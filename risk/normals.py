"""The standard normal distribution: its quantile, its share below a point, its density."""

from math import erfc, exp, pi, sqrt
from statistics import NormalDist

from risk.numbers import require_finite, require_inside

_STANDARD = NormalDist()


def normal_quantile(share: float) -> float:
    """Return the point below which *share* of the standard normal distribution lies.

    share   in (0, 1)
    result  in standard deviations, relative error near 1e-16

    Raises:  NotFinite; OutOfRange.
    Source:  Wichura (1988), Algorithm AS 241 (PPND16), Applied Statistics 37(3), in the standard library.
    """
    return _STANDARD.inv_cdf(require_inside("share", share))


def normal_share(point: float) -> float:
    """Return the share of the standard normal distribution below *point*, accurate far out on both sides.

    point   in standard deviations
    result  in [0, 1]

    Raises:  NotFinite.
    Source:  Abramowitz & Stegun (1964), 26.2.29: the complementary error function.
    """
    return 0.5 * erfc(-require_finite("point", point) / sqrt(2.0))


def normal_density(point: float) -> float:
    """Return the density of the standard normal distribution at *point*, in standard deviations.

    Raises:  NotFinite.
    Source:  Abramowitz & Stegun (1964), 26.2.1.
    """
    size = min(abs(require_finite("point", point)), 1e3)  # beyond that it is 0, and squares stay floats
    return exp(-0.5 * size * size) / sqrt(2.0 * pi)
