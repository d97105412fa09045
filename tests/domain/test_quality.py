"""Each fault on its boundary, in made and in recorded candles."""

import csv
import gzip
import math
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.markets import timeframes
from providers.markets.replay import ReplayMarket
from providers.markets.types import Candle, CandleSeries
from thalas.domain import quality

START = datetime(2018, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
COUNT = 60
CLOSED_AT = START + COUNT * DAY
SOUND = {"open": 100.0, "high": 101.0, "low": 99.0, "close": 100.0, "volume": 5.0}


class Numbers(TypedDict, total=False):
    """The fields of a candle that a test changes."""

    open: float
    high: float
    low: float
    close: float
    volume: float


def make_series(changes: Mapping[int, Numbers] | None = None, *, count: int = COUNT) -> CandleSeries:
    """Sound daily candles at 100; *changes* maps an index (from the end, if negative) to other fields."""
    candles = [Candle(START + day * DAY, **SOUND) for day in range(count)]
    for index, fields in (changes or {}).items():
        candles[index] = replace(candles[index], **fields)
    return CandleSeries("BTC/USD", "1d", tuple(candles), "test", "0" * 64)


def without(series: CandleSeries, *indices: int) -> CandleSeries:
    kept = tuple(candle for index, candle in enumerate(series.candles) if index not in indices)
    return replace(series, candles=kept)


def codes(series: CandleSeries, as_of: datetime = CLOSED_AT) -> list[str]:
    return [sentence.split(":")[0] for sentence in quality.faults(series, as_of=as_of)]


def test_sound_candles_have_no_fault() -> None:
    assert quality.faults(make_series(), as_of=CLOSED_AT) == ()


@pytest.mark.parametrize("field", ["open", "high", "low", "close"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, -1.0])
def test_a_price_must_be_finite_and_above_zero(field: str, value: float) -> None:
    candles = list(make_series().candles)
    candles[10] = Candle(START + 10 * DAY, **(SOUND | {field: value}))
    assert codes(replace(make_series(), candles=tuple(candles))) == ["price"]


@pytest.mark.parametrize(("value", "expected"), [(math.nan, ["volume"]), (-0.1, ["volume"]), (0.0, [])])
def test_a_volume_must_be_finite_and_not_below_zero(value: float, expected: list[str]) -> None:
    assert codes(make_series({10: {"volume": value}})) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"low": 100.0, "high": 100.0}, []),  # all four equal
        ({"low": 100.01}, ["range"]),
        ({"high": 99.99}, ["range"]),
        ({"open": 98.0, "low": 98.5}, ["range"]),  # only the open is outside
        ({"close": 102.0}, ["range"]),  # only the close is outside
    ],
)
def test_low_and_high_must_enclose_open_and_close(fields: Numbers, expected: list[str]) -> None:
    assert codes(make_series({10: fields})) == expected


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (timedelta(0), []),
        (-timedelta(seconds=1), ["time"]),  # a second too early
        (-DAY, ["time"]),  # a duplicate
        (-3 * DAY, ["time"]),  # backwards
    ],
)
def test_each_candle_starts_a_whole_timeframe_after_the_one_before(
    shift: timedelta, expected: list[str]
) -> None:
    series = make_series(count=COUNT + 5)
    moved = [*series.candles[:5], *(replace(c, opened_at=c.opened_at + shift) for c in series.candles[5:])]
    last_close_at = moved[-1].opened_at + DAY
    assert codes(replace(series, candles=tuple(moved)), last_close_at) == expected


def test_a_gap_counts_among_the_newest_fifty_candles_only() -> None:
    assert codes(without(make_series(), 10)) == ["gap"]  # 59 left, index 10 is the 50th from the end
    assert codes(without(make_series(), 9)) == []  # the 50 newest begin right after the gap
    (sentence,) = quality.faults(without(make_series(), 20, 21, 40), as_of=CLOSED_AT)
    # the last gap is before index 41, 41 days after 1 January
    assert sentence == (
        "gap: 3 candles missing among the newest 50 of BTC/USD 1d, the last gap before 2018-02-11T00:00Z"
    )


def test_five_candles_without_volume_are_idle_and_four_are_not() -> None:
    assert codes(make_series({-index: {"volume": 0.0} for index in range(1, 5)})) == []
    assert codes(make_series({-index: {"volume": 0.0} for index in range(1, 6)})) == ["idle"]
    assert codes(make_series({-index: {"volume": 0.0} for index in range(2, 20)})) == []  # trade is back


@pytest.mark.parametrize(
    ("close", "expected"),
    [
        (150.0, []),  # 150 = 100 + 50 %, not more
        (150.01, ["jump"]),
        (50.0, []),  # 50 = 100 - 50 %
        (49.99, ["jump"]),
    ],
)
def test_a_close_may_differ_by_half_from_the_one_before(close: float, expected: list[str]) -> None:
    assert codes(make_series({-1: {"close": close, "high": 200.0, "low": 10.0}})) == expected


def test_a_jump_is_forgotten_when_three_candles_have_followed_it() -> None:
    def jumped(ago: int) -> CandleSeries:
        high = Numbers(open=160.0, high=160.0, low=160.0, close=160.0)
        return make_series({-index: high for index in range(1, ago + 1)})

    assert codes(jumped(3)) == ["jump"]
    assert codes(jumped(4)) == []


def test_thirty_candles_are_enough_and_twenty_nine_too_few() -> None:
    assert codes(make_series(count=30), START + 30 * DAY) == []
    assert quality.faults(make_series(count=29), as_of=START + 29 * DAY) == (
        "few: 29 candles of BTC/USD 1d; at least 30",
    )
    assert codes(make_series(count=0)) == ["few"]


def test_data_is_stale_beyond_two_timeframes_after_the_last_close() -> None:
    assert codes(make_series(), CLOSED_AT + 2 * DAY) == []
    (sentence,) = quality.faults(make_series(), as_of=CLOSED_AT + 2 * DAY + timedelta(microseconds=1))
    assert sentence == (
        "stale: last BTC/USD 1d candle closed 2018-03-02T00:00Z, 2.1 candles before 2018-03-04T00:00Z; "
        "at most 2"
    )
    assert "3.0 candles before" in quality.faults(make_series(), as_of=CLOSED_AT + 3 * DAY)[0]


def test_a_candle_that_has_not_closed_yet_cannot_have_been_known() -> None:
    assert codes(make_series(), CLOSED_AT - timedelta(microseconds=1)) == ["future"]


def test_all_faults_are_told_and_those_of_one_kind_together() -> None:
    series = make_series({3: {"close": math.nan}, 4: {"close": -1.0}, -1: {"volume": -1.0}})
    sentences = quality.faults(series, as_of=CLOSED_AT + 9 * DAY)
    assert [sentence.split(":")[0] for sentence in sentences] == ["price", "volume", "stale"]
    assert sentences[0] == (
        "price: 2 candles of BTC/USD 1d have a price that is not finite or not above 0, "
        "the newest of 2018-01-05T00:00Z"
    )


@pytest.mark.parametrize(
    ("timeframe", "as_of", "expected"),
    [
        ("1h", datetime(2018, 8, 10, 5, tzinfo=UTC), []),  # four hours without a trade so far
        ("1h", datetime(2018, 8, 10, 6, tzinfo=UTC), ["idle"]),
        ("1d", datetime(2019, 3, 22, tzinfo=UTC), []),  # the day of 03-19 closed two days ago
        ("1d", datetime(2019, 3, 23, tzinfo=UTC), ["stale"]),
        ("1d", datetime(2019, 4, 2, tzinfo=UTC), ["gap"]),
        ("1d", datetime(2019, 5, 20, tzinfo=UTC), ["gap"]),  # 49 candles since the gap, and one before
        ("1d", datetime(2019, 5, 21, tzinfo=UTC), []),
    ],
)
def test_the_recorded_outages_are_found(timeframe: str, as_of: datetime, expected: list[str]) -> None:
    assert codes(ReplayMarket().candles("BTC/USD", timeframe, until=as_of, count=300), as_of) == expected


@pytest.mark.recorded
@pytest.mark.skipif("THALAS_FIXTURES" not in os.environ, reason="THALAS_FIXTURES names no recorded material")
@pytest.mark.parametrize("name", ["BTC_USDT-1h", "ETH_USDT-15m", "SOL_USDT-1d", "BTC_USDT-5m"])
def test_gapless_recordings_of_a_large_venue_have_no_fault(name: str) -> None:
    file = Path(os.environ["THALAS_FIXTURES"]) / "market" / f"{name}.csv.gz"
    with gzip.open(file, "rt") as lines:
        rows = list(csv.reader(lines))[1:]
    candles = [Candle(datetime.fromisoformat(row[0]), *map(float, row[1:6])) for row in rows]
    timeframe = name.split("-")[1]
    for end in range(100, len(candles), max(1, len(candles) // 50)):
        series = CandleSeries(name, timeframe, tuple(candles[max(0, end - 300) : end]), "test", "")
        as_of = series.candles[-1].opened_at + timeframes.length(timeframe)
        assert quality.faults(series, as_of=as_of) == ()


ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(
    st.lists(st.tuples(st.integers(-5, 90), ANY, ANY, ANY, ANY, ANY), max_size=40),
    st.integers(-10, 100),
)
def test_any_candles_at_all_get_sentences_and_never_an_error(
    rows: list[tuple[int, float, float, float, float, float]], as_of_day: int
) -> None:
    candles = tuple(Candle(START + day * DAY, *numbers) for day, *numbers in rows)
    series = CandleSeries("X/USD", "1d", candles, "test", "")
    known = {"price", "volume", "range", "time", "gap", "idle", "jump", "few", "stale", "future"}
    assert set(codes(series, START + as_of_day * DAY)) <= known
