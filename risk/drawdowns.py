"""Falls from the highest equity so far: how deep, how long, and whether they were made good."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from risk.errors import OutOfRange
from risk.numbers import describe
from risk.returns import require_growth
from risk.series import FloatArray, dot, require_result, require_series

FEW, PART = 2000, 400
EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of a series, counted in periods after the start, which is 0.

    depth          fraction of the peak, in [0, 1]; 0 if equity never fell
    peak_at        when equity was last at its highest before the fall
    trough_at      when it was lowest, the first time if it was so twice
    recovered_at   when it was first back at the peak; None if it has not been
    """

    depth: float
    peak_at: int
    trough_at: int
    recovered_at: int | None

    @property
    def length(self) -> int:
        """Periods from the peak to the trough."""
        return self.trough_at - self.peak_at

    @property
    def recovery(self) -> int | None:
        """Periods from the trough until the peak was reached again; None if it has not been."""
        return None if self.recovered_at is None else self.recovered_at - self.trough_at


def max_drawdown(returns: FloatArray) -> float:
    """Return the deepest fall from a peak, as compounded returns make it.

    returns  shape (periods,), simple returns as fractions, none below -1; the equity of 1 before the first
             is a peak like any other
    result   fraction of the peak, in [0, 1], positive for a fall; 0 if equity never fell

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Magdon-Ismail & Atiya (2004), Risk 17(10); Bacon (2008), 2nd ed.
    """
    equity = _compound(require_growth(returns))
    return 1.0 - (_lowest(equity) if len(equity) <= FEW else _lowest_of_many(equity))


def drawdown_series(returns: FloatArray) -> FloatArray:
    """Return how far equity is below its highest so far, after each period.

    returns  as of `max_drawdown`
    result   shape (periods,), fractions of the peak in [0, 1], positive for a fall

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    return _falls(_compound(require_growth(returns)))[1:]


def worst_drawdown(returns: FloatArray) -> Drawdown:
    """Return the deepest fall with its dates; the first of several that are equally deep.

    returns  as of `max_drawdown`; period 0 is before the first return, period k after the k-th

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    return _worst(_compound(require_growth(returns)))


def worst_equity_drawdown(equity: FloatArray) -> Drawdown:
    """Return the deepest fall of an equity curve with its dates, period 0 being its first value.

    equity  shape (n,), any currency; the first above 0, none below 0

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    return _worst(_require_equity(equity))


def equity_drawdowns(equity: FloatArray) -> FloatArray:
    """Return how far each value of an equity curve is below the highest so far.

    equity  as of `worst_equity_drawdown`
    result  shape (n,), fractions of the peak in [0, 1], positive for a fall; the first is 0

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    """
    return _falls(_require_equity(equity))


def pain_index(returns: FloatArray) -> float:
    """Return the mean drawdown over all periods, those at a peak counting as 0: a fraction in [0, 1].

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Zephyr Associates (2006), in Bacon (2008), 2nd ed.
    """
    return float(drawdown_series(returns).mean())


def ulcer_index(returns: FloatArray) -> float:
    """Return the root mean square drawdown over all periods: a fraction in [0, 1].

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Martin & McCann (1989), The Investor's Guide to Fidelity Funds.
    """
    falls = drawdown_series(returns)
    return sqrt(dot(falls, falls) / len(falls))


def _compound(returns: FloatArray) -> FloatArray:
    """Return equity before the first period and after each."""
    equity = np.empty(len(returns) + 1)
    equity[0] = 1.0
    np.add(returns, 1.0, out=equity[1:])
    with np.errstate(over="ignore", invalid="ignore"):
        np.multiply.accumulate(equity, out=equity)
        require_result("The highest equity", np.maximum.reduce(equity))
    return equity


def _lowest(equity: FloatArray) -> float:
    """Return the least that equity is of its highest so far."""
    return float(np.minimum.reduce(equity / np.maximum.accumulate(equity)))


def _lowest_of_many(equity: FloatArray) -> float:
    """Return the same for a long series, walking only through the parts that can hold the deepest fall.

    The lowest of a part cannot be less of its peak than it is of the highest up to the part's end, and is no
    more than it is of the highest before the part.
    """
    whole = len(equity) - len(equity) % PART
    parts = equity[:whole].reshape(-1, PART)
    lows, highs = np.minimum.reduce(parts, axis=1), np.maximum.accumulate(np.maximum.reduce(parts, axis=1))
    before = np.concatenate((equity[:1], highs[:-1]))
    lowest = float(np.minimum.reduce(lows / before))
    for part in np.flatnonzero(lows / highs < lowest).tolist():
        lowest = min(lowest, _lowest(np.concatenate((before[part : part + 1], parts[part]))))
    return min(lowest, _lowest(np.concatenate((highs[-1:], equity[whole:]))))


def _falls(equity: FloatArray) -> FloatArray:
    return 1.0 - equity / np.maximum.accumulate(equity)


def _worst(equity: FloatArray) -> Drawdown:
    falls, blur = _falls(equity), len(equity) * EPSILON  # what rounding may make of values that are equal
    depth = float(falls.max())
    trough = int((falls >= max(depth - blur, depth / 2.0)).argmax())
    highest = float(equity[: trough + 1].max()) * (1.0 - blur)
    peak = trough - int((equity[trough::-1] >= highest).argmax())  # backwards: the last of equal peaks
    if depth == 0.0:
        return Drawdown(0.0, peak, trough, trough)
    back = equity[trough:] >= highest
    return Drawdown(depth, peak, trough, trough + int(back.argmax()) if back.any() else None)


def _require_equity(equity: object) -> FloatArray:
    series = require_series("equity", equity)
    if series[0] <= 0 or series.min() < 0:
        worst = describe(float(series[0] if series[0] <= 0 else series.min()))
        raise OutOfRange(f"equity must start above 0 and never be below 0, not {worst}.")
    return series
