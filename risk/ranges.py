"""How far prices travel within a period."""

import numpy as np

from risk.errors import OutOfRange
from risk.numbers import require_count
from risk.series import FloatArray, require_result, require_same_length, require_series


def true_ranges(high: FloatArray, low: FloatArray, close: FloatArray) -> FloatArray:
    """Return the greatest of high - low and of both distances to the close before.

    high, low, close  shape (periods,), as many, oldest first, quote currency; no high below its low
    result            shape (periods,), quote currency, 0 or more; the first has no close before it, and is
                      high - low

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Wilder (1978), New Concepts in Technical Trading Systems.
    """
    high, low = require_series("high", high), require_series("low", low)
    close = require_series("close", close)
    require_same_length("high", high, "low", low)
    require_same_length("high", high, "close", close)
    if (high < low).any():
        raise OutOfRange(f"high is below low at {int((high < low).argmax())}.")
    before = np.concatenate((np.clip(close[:1], low[:1], high[:1]), close[:-1]))
    with np.errstate(over="ignore"):
        ranges = np.maximum(high, before) - np.minimum(low, before)
    return require_series("The true ranges", ranges)


def average_true_range(high: FloatArray, low: FloatArray, close: FloatArray, *, window: int = 14) -> float:
    """Return Wilder's average of the true range at the last period.

    high, low, close  as of `true_ranges`, at least *window* of them
    window            periods; the first average is the plain mean of the first window of true ranges, then
                      each period moves it by 1 / window of the way
    result            quote currency, 0 or more

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Wilder (1978), New Concepts in Technical Trading Systems; his first range is high - low, where
             TA-Lib leaves that period out.
    """
    window = require_count("window", window)
    ranges = require_series("high, low and close", true_ranges(high, low, close), least=window)
    with np.errstate(over="ignore"):
        average = require_result("The average true range", float(ranges[:window].mean()))
    for value in ranges[window:].tolist():
        average += (value - average) / window
    return average
