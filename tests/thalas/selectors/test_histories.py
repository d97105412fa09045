"""Closes of several symbols on the same days, whichever of them has a gap, began later or lags behind."""

from datetime import UTC, datetime

import numpy as np
import pytest

from thalas.selectors import histories
from thalas.selectors.histories import CANDLES, History


def history(days: list[int], closes: list[float]) -> History:
    numbers = np.array(closes)
    return History(
        np.array(days, dtype=float), numbers, numbers, numbers, 1.0, datetime(2020, 1, 1, tzinfo=UTC), ""
    )


WHOLE = history([1, 2, 3, 4], [10.0, 20.0, 30.0, 40.0])


@pytest.mark.parametrize(
    ("other", "closes"),
    [
        (history([1, 2, 3, 4], [1.0, 2.0, 3.0, 4.0]), [1.0, 2.0, 3.0, 4.0]),
        (history([1, 2, 4], [1.0, 2.0, 4.0]), [1.0, 2.0, 2.0, 4.0]),
        (history([3, 4], [3.0, 4.0]), [3.0, 3.0, 3.0, 4.0]),
        (history([1, 2, 3], [1.0, 2.0, 3.0]), [1.0, 2.0, 3.0, 3.0]),
    ],
    ids=["the same days", "a gap", "began later", "lags behind"],
)
def test_on_a_day_without_a_candle_the_last_close_before_it_counts(
    other: History, closes: list[float]
) -> None:
    days = histories.days([WHOLE, other])
    assert days.tolist() == [1, 2, 3, 4]
    assert other.at(days).tolist() == closes
    assert WHOLE.at(days).tolist() == [10.0, 20.0, 30.0, 40.0]


def test_one_that_is_a_day_ahead_moves_the_window_for_all() -> None:
    long = history(list(range(CANDLES)), [float(day) for day in range(CANDLES)])
    ahead = history(list(range(1, CANDLES + 1)), [float(day) for day in range(1, CANDLES + 1)])
    days = histories.days([long, ahead])
    assert (days[0], days[-1], len(days)) == (1, CANDLES, CANDLES)
    assert long.at(days)[-2:].tolist() == [CANDLES - 1.0, CANDLES - 1.0]


def test_without_histories_there_are_no_days() -> None:
    assert len(histories.days([])) == 0
