"""What voters are shown: complete, traceable, and the same bytes every time."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import NoCandles
from providers.markets.replay import ReplayMarket
from providers.markets.types import Candle, CandleSeries
from providers.voters.types import Brief
from thalas.domain import briefs, indicators

AS_OF = datetime(2019, 1, 1, 12, tzinfo=UTC)
SYMBOLS = ("BTC/USD", "ETH/USD", "LTC/USD")
MARKET = ReplayMarket()
SERIES = tuple(MARKET.candles(symbol, "1d", until=AS_OF, count=300) for symbol in SYMBOLS)


def make_brief() -> Brief:
    return briefs.build(SERIES, timeframe="1d", as_of=AS_OF)


def test_a_brief_shows_the_newest_candles_and_the_indicators_of_all() -> None:
    brief = make_brief()
    assert tuple(market.symbol for market in brief.markets) == SYMBOLS
    for market, series in zip(brief.markets, SERIES, strict=True):
        assert [c.opened_at for c in market.candles] == [c.opened_at for c in series.candles[-30:]]
        assert market.price == market.candles[-1].close == series.candles[-1].close
        assert market.closed_at == datetime(2019, 1, 1, tzinfo=UTC)
        assert market.indicators == indicators.compute(series.candles)
        assert (market.source, market.sha256, market.lap) == ("replay:bitstamp", series.sha256, 0)
        assert market.faults == ()


def test_the_same_candles_are_shown_alike_whenever_they_are_looked_at_but_for_their_age() -> None:
    first = make_brief().markets[0]
    later = briefs.build(SERIES, timeframe="1d", as_of=AS_OF + timedelta(days=9)).markets[0]
    assert [fault.split(":")[0] for fault in later.faults] == ["stale"]
    assert later.model_copy(update={"faults": ()}) == first == make_brief().markets[0]


def test_other_candles_under_the_same_hash_are_not_taken_for_them() -> None:
    make_brief()
    dearer = replace(SERIES[0].candles[-1], close=SERIES[0].candles[-1].close * 1.01)
    other = replace(SERIES[0], candles=(*SERIES[0].candles[:-1], dearer))
    (market,) = briefs.build([other], timeframe="1d", as_of=AS_OF).markets
    assert market.price == dearer.close
    assert market.indicators == indicators.compute(other.candles)


def test_the_lap_of_a_replay_stays_with_the_brief() -> None:
    brief = briefs.build([replace(SERIES[0], lap=3)], timeframe="1d", as_of=AS_OF)
    assert brief.markets[0].lap == 3


def test_a_broken_candle_is_left_out_and_its_fault_kept() -> None:
    candles = list(SERIES[0].candles)
    candles[-1] = replace(candles[-1], close=math.nan)
    candles[-40] = replace(candles[-40], volume=math.inf)
    (market,) = briefs.build(
        [replace(SERIES[0], candles=tuple(candles))], timeframe="1d", as_of=AS_OF
    ).markets
    assert market.price == candles[-2].close
    assert market.closed_at == datetime(2018, 12, 31, tzinfo=UTC)
    assert [fault.split(":")[0] for fault in market.faults] == ["price", "volume"]
    assert market.indicators == indicators.compute(candles[:-40] + candles[-39:-1])


def test_nothing_to_show_is_no_brief() -> None:
    broken = tuple(replace(candle, low=math.nan) for candle in SERIES[0].candles)
    for candles in ((), broken):
        with pytest.raises(NoCandles, match="no 1d candle of BTC/USD has finite numbers"):
            briefs.build([replace(SERIES[0], candles=candles)], timeframe="1d", as_of=AS_OF)


def test_series_of_another_timeframe_or_the_same_symbol_do_not_share_a_brief() -> None:
    with pytest.raises(ValueError, match="one 1h series for each symbol"):
        briefs.build(SERIES, timeframe="1h", as_of=AS_OF)
    with pytest.raises(ValueError, match="one 1d series for each symbol"):
        briefs.build([SERIES[0], SERIES[0]], timeframe="1d", as_of=AS_OF)


def test_the_same_input_gives_the_same_bytes_and_digest() -> None:
    encoded = briefs.encode(make_brief())
    assert briefs.encode(make_brief()) == encoded
    assert briefs.digest(encoded) == sha256(encoded).hexdigest()


def test_the_same_moment_in_another_time_zone_gives_the_same_bytes() -> None:
    zone = timezone(timedelta(hours=-5))
    moved = [
        replace(one, candles=tuple(replace(c, opened_at=c.opened_at.astimezone(zone)) for c in one.candles))
        for one in SERIES
    ]
    brief = briefs.build(moved, timeframe="1d", as_of=AS_OF.astimezone(zone))
    assert briefs.encode(brief) == briefs.encode(make_brief())


def test_keys_are_sorted_at_every_level() -> None:
    encoded = briefs.encode(make_brief())
    assert orjson.dumps(orjson.loads(encoded), option=orjson.OPT_SORT_KEYS) == encoded


def test_a_brief_comes_back_from_bytes_or_text_exactly() -> None:
    brief = make_brief()
    encoded = briefs.encode(brief)
    for form in (encoded, encoded.decode()):
        assert briefs.decode(form) == brief
        assert briefs.encode(briefs.decode(form)) == encoded


@given(
    st.lists(st.tuples(*[st.floats(allow_nan=True, allow_infinity=True)] * 5), min_size=1, max_size=40),
    st.datetimes(datetime(2018, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8),
)
def test_whatever_can_be_built_comes_back_exactly(
    rows: list[tuple[float, ...]], as_of: datetime, symbol: str
) -> None:
    start = datetime(2018, 1, 1, tzinfo=UTC)
    candles = tuple(Candle(start + day * timedelta(days=1), *row) for day, row in enumerate(rows))
    series = CandleSeries(symbol, "1d", candles, "test", "")
    if all(not all(map(math.isfinite, row)) for row in rows):
        with pytest.raises(NoCandles):
            briefs.build([series], timeframe="1d", as_of=as_of)
        return
    brief = briefs.build([series], timeframe="1d", as_of=as_of)
    encoded = briefs.encode(brief)
    assert briefs.decode(encoded) == brief
    assert briefs.encode(briefs.decode(encoded)) == encoded


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-1],
        lambda text: text.replace('"timeframe":"1d"', '"timeframe":1'),
        lambda text: text.replace('"lap":0', '"lap":"0"'),  # nothing is converted
        lambda text: text.replace('"lap":0', '"lap":0,"more":1'),
        lambda text: text.replace('"price":', '"price":NaN,"was":'),
        lambda text: text.replace('"faults":[]', '"faults":[null]'),
        lambda text: "",
        lambda text: "null",
    ],
)
def test_what_is_no_brief_is_refused(damage: Callable[[str], str]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are pydantic's
        briefs.decode(damage(briefs.encode(make_brief()).decode()))
