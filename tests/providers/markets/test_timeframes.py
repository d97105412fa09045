"""Candle lengths and closes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import UnknownTimeframe
from providers.markets import timeframes

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NAMES = st.sampled_from(sorted(timeframes.SECONDS))


@pytest.mark.parametrize("name", ["", "1w", "1D", "60", "1 h"])
def test_an_unknown_timeframe_is_named_beside_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownTimeframe, match="known are 1m, 5m, 15m, 30m, 1h, 4h, 1d") as caught:
        timeframes.length(name)
    assert repr(name) in str(caught.value)


def test_every_timeframe_divides_a_day_so_that_candles_align_to_midnight() -> None:
    for name, seconds in timeframes.SECONDS.items():
        assert 86400 % seconds == 0, name
        assert timeframes.length(name) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2018-05-01T04:00:00+00:00", "2018-05-01T04:00:00+00:00"),  # exactly on a close: that close
        ("2018-05-01T03:59:59.999999+00:00", "2018-05-01T00:00:00+00:00"),
        ("2018-05-01T05:30:00+02:00", "2018-05-01T00:00:00+00:00"),  # 03:30 UTC
        ("1969-12-31T23:00:00+00:00", "1969-12-31T20:00:00+00:00"),  # before the epoch as well
    ],
)
def test_the_last_close_is_at_or_before_the_moment(at: str, expected: str) -> None:
    assert timeframes.last_close("4h", datetime.fromisoformat(at)) == datetime.fromisoformat(expected)


def test_closes_exclude_the_start_and_include_the_end() -> None:
    day = datetime(2018, 5, 1, tzinfo=UTC)
    closes = list(timeframes.closes_between("4h", after=day, until=day + timedelta(hours=12)))
    assert closes == [day + timedelta(hours=hours) for hours in (4, 8, 12)]
    assert not list(timeframes.closes_between("4h", after=day, until=day))
    assert not list(timeframes.closes_between("4h", after=day, until=day - timedelta(days=1)))


@given(NAMES, MOMENTS, st.integers(0, 500), st.integers(0, 500))
def test_closes_of_neighbouring_intervals_add_up(name: str, start: datetime, left: int, right: int) -> None:
    step = timeframes.length(name) / 7
    middle, end = start + left * step, start + (left + right) * step
    parts = [
        *timeframes.closes_between(name, after=start, until=middle),
        *timeframes.closes_between(name, after=middle, until=end),
    ]
    assert parts == list(timeframes.closes_between(name, after=start, until=end))
    assert not parts or parts[-1] == timeframes.last_close(name, end)
