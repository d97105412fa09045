"""How much more of something fits into a book before its bad days get too bad."""

import numpy as np

from risk.series import FloatArray

STEPS = 64
# What rounding may put a result above its limit by; a room that is not exact is a little too small.
SHAVE = 1.0 - 1e-12


def losses_beyond(losses: FloatArray, whole: int) -> float:
    """Return the least loss that at most *whole* of the periods exceed: the value at risk."""
    place = len(losses) - 1 - whole
    return float(np.partition(losses, place)[place])


def mean_of_worst(losses: FloatArray, whole: int, rest: float) -> float:
    """Return the mean of the *whole* worst losses and *rest* of the next: the expected shortfall."""
    place = len(losses) - 1 - whole
    return _mean(np.partition(losses, place)[place:], whole, rest)


def room_for_value_at_risk(base: FloatArray, unit: FloatArray, *, limit: float, whole: int) -> float:
    """Return how many units fit so that no more than *whole* periods ever lose more than *limit*.

    base, unit   shape (periods,): loss in dollars of the book, and of one unit more
    result       the first amount at which one period too many is about to exceed the limit: below it none
                 breaks it, so that cutting further can never break it again. Infinite if none ever does, 0
                 if the book alone is beyond it

    A period's loss is a straight line in the amount and crosses the limit once at most: the crossings in
    order, each counted up or down, are all there is to know.
    """
    is_over = base > limit
    over = int(np.count_nonzero(is_over))
    if over > whole:
        return 0.0
    falls, rises = is_over & (unit < 0.0), ~is_over & (unit > 0.0)
    crossed = (limit - base[falls]) / unit[falls], (limit - base[rises]) / unit[rises]
    change = np.concatenate((np.full(len(crossed[0]), -1), np.full(len(crossed[1]), 1)))
    at = np.concatenate(crossed)
    order = np.argsort(at, kind="stable")  # at the same amount, what falls comes first
    too_many = np.flatnonzero(over + np.cumsum(change[order]) > whole)
    return float(at[order[too_many[0]]]) if len(too_many) else float("inf")


def room_for_shortfall(base: FloatArray, unit: FloatArray, *, limit: float, whole: int, rest: float) -> float:
    """Return how many units fit before the mean of the worst losses exceeds *limit*.

    base, unit   shape (periods,): loss in dollars of the book, and of one unit more
    result       infinite if none is too many; 0 if the book alone is beyond the limit: an amount that would
                 mend it could still be cut to one that does not

    The mean of the worst is convex in the amount. From far too much, each step along its slope ends at or
    above the answer, and there are no more slopes than sets of worst periods.
    """
    if mean_of_worst(base, whole, rest) > limit:
        return 0.0
    worst = unit  # far out, the worst periods are those that lose most by a unit
    amount, place = float("inf"), len(base) - 1 - whole
    for _ in range(STEPS):
        chosen = np.argpartition(worst, place)[place:]
        slope = _mean(unit[chosen], whole, rest)
        if not slope > 0.0:
            return amount
        amount = min((limit - _mean(base[chosen], whole, rest)) / slope, amount * SHAVE)
        worst = base + amount * unit
        if mean_of_worst(worst, whole, rest) <= limit:
            return amount
    return 0.0


def _mean(losses: FloatArray, whole: int, rest: float) -> float:
    """Return the mean of *losses*, of which the first counts for *rest* of a period."""
    return (float(losses[1:].sum()) + rest * float(losses[0])) / (whole + rest)
