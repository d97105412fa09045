"""What is left of Kelly's share when doubt, bad days and losses so far have had their say.

None of these makes a share larger, and none turns its sign: below 0, which is no bet, becomes 0.
"""

from math import sqrt

from risk.errors import OutOfRange
from risk.numbers import (
    require_count,
    require_finite,
    require_fraction,
    require_not_negative,
    require_positive,
)


def fractional_kelly(share: float, *, multiplier: float = 0.5, most: float = 1.0) -> float:
    """Return a part of Kelly's share: half of it has three quarters of the growth and half of the swings.

    share       fraction of equity; below 0 becomes 0
    multiplier  in [0, 1]
    most        what may be staked at all, in [0, 1]
    result      in [0, most]

    Raises:  NotFinite; OutOfRange.
    Source:  MacLean, Ziemba & Blazenko (1992), Management Science 38(11); Thorp (2006).
    """
    multiplier = require_fraction("multiplier", multiplier)
    return min(_bet(share) * multiplier, require_fraction("most", most))


def kelly_under_uncertainty(
    probability: float, odds: float, *, standard_error: float | None = None, trades: int | None = None
) -> float:
    """Return Kelly's share for a probability that is itself an estimate: smaller, the less is known.

    probability     of winning, estimated, in [0, 1]
    odds            net winnings for each unit staked, above 0
    standard_error  of the probability, 0 or more; or else
    trades          how many it was estimated from, at least 1: sqrt(p (1 - p) / trades), with p drawn
                    to a half by two wins and two losses more, so that ten wins in ten are not certainty
    result          fraction of equity in [0, 1]: f x f² / (f² + ((b + 1) / b)² s²)

    Raises:  NotFinite; OutOfRange, also without exactly one of the two.
    Source:  Baker & McHale (2013), Decision Analysis 10(3): shrinkage to second order;
             Agresti & Coull (1998), American Statistician 52(2), for two and two more.
    """
    p, b = require_fraction("probability", probability), require_positive("odds", odds)
    error = _standard_error(p, standard_error, trades)
    share = _bet(p - (1.0 - p) / b)
    if share == 0.0:
        return 0.0
    doubt = (1.0 + 1.0 / b) * error / share  # the share's own standard error over the share
    return share / (1.0 + doubt * doubt)


def kelly_by_confidence(share: float, *, confidence: float, least: float = 0.0) -> float:
    """Return the share scaled by how sure the council is: nothing at *least*, all of it at 1.

    share       fraction of equity; below 0 becomes 0
    confidence  in [0, 1]
    least       the confidence up to which nothing is staked, in [0, 1)
    result      share x (confidence - least) / (1 - least), never below 0

    Raises:  NotFinite; OutOfRange.
    Source:  ours; a straight line, since a calibrated confidence is itself a probability.
    """
    sure, floor = require_fraction("confidence", confidence), require_fraction("least", least)
    if floor == 1.0:
        raise OutOfRange("least must be below 1: no confidence would ever stake anything.")
    return _bet(share) * max(0.0, (sure - floor) / (1.0 - floor))


def kelly_by_shortfall(share: float, *, shortfall: float, most: float) -> float:
    """Return the share cut so that it loses at most *most* of equity in a period of the tail, on average.

    share      fraction of equity; below 0 becomes 0
    shortfall  `expected_shortfall` of what is bought, fraction of its value; 0 or below cuts nothing
    most       of equity, 0 or more: the budget for that loss
    result     min(share, most / shortfall)

    Raises:  NotFinite; OutOfRange.
    Source:  Rockafellar & Uryasev (2000), J. Risk 2(3): a limit on the shortfall, which scales with size.
    """
    loss, budget = require_finite("shortfall", shortfall), require_not_negative("most", most)
    bet = _bet(share)
    return min(bet, budget / loss) if loss > 0.0 and bet * loss > budget else bet


def kelly_by_drawdown(share: float, *, drawdown: float, most: float) -> float:
    """Return the share scaled by what is left of the drawdown one is ready to bear.

    share     fraction of equity; below 0 becomes 0
    drawdown  the current one, fraction of the peak, in [0, 1]
    most      the drawdown at which nothing is staked any more, in (0, 1]
    result    share x (1 - drawdown / most), never below 0

    Raises:  NotFinite; OutOfRange.
    Source:  after Grossman & Zhou (1993), Mathematical Finance 3(3), who stake in proportion to the
             cushion above the floor; here the cushion is measured against its full height.
    """
    fallen = require_fraction("drawdown", drawdown)
    bound = require_fraction("most", require_positive("most", most))
    return _bet(share) * max(0.0, 1.0 - fallen / bound)


def _bet(share: float) -> float:
    return max(0.0, require_finite("share", share))


def _standard_error(probability: float, standard_error: float | None, trades: int | None) -> float:
    if (standard_error is None) == (trades is None):
        raise OutOfRange(
            "Give the standard error of the probability or the trades it comes from, and not both."
        )
    if standard_error is not None:
        return require_not_negative("standard_error", standard_error)
    count = require_count("trades", trades)
    near = (probability * count + 2.0) / (count + 4.0)
    return sqrt(near * (1.0 - near) / (count + 4.0))
