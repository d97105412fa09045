"""The replay market: only closed candles, the same ones always, and clear refusals."""

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import MarketUnavailable, NoCandles, UnknownSymbol, UnknownTimeframe
from providers.markets import replay, timeframes
from providers.markets.recordings import tapes
from providers.markets.replay import ReplayMarket
from providers.markets.types import Candle, Market

MARKET = ReplayMarket()
OFFERS = [(symbol, timeframe) for symbol, kept in MARKET.offers().items() for timeframe in kept]
MOMENTS = st.datetimes(datetime(2017, 1, 1), datetime(2021, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def test_the_replay_is_a_market() -> None:
    market: Market = MARKET
    assert market.offers() == {"BTC/USD": ("1h", "1d"), "ETH/USD": ("1d",), "LTC/USD": ("1d",)}


def test_a_known_day_is_as_published() -> None:
    series = MARKET.candles("BTC/USD", "1d", until=datetime(2018, 6, 2, tzinfo=UTC), count=1)
    opened_at = datetime(2018, 6, 1, tzinfo=UTC)
    assert series.candles == (Candle(opened_at, 7492.28, 7620.01, 7348.45, 7511.6, 6762.63),)
    assert (series.source, series.lap) == ("replay:bitstamp", 0)
    assert (
        MARKET.candles("BTC/USD", "1h", until=series.candles[0].opened_at, count=1).source
        == "replay:coinbase"
    )


def test_a_candle_is_seen_when_it_has_closed_and_not_before() -> None:
    closed_at = datetime(2018, 6, 2, tzinfo=UTC)
    just_before = MARKET.candles("BTC/USD", "1d", until=closed_at - timedelta(microseconds=1), count=1)
    assert just_before.candles[-1].opened_at == datetime(2018, 5, 31, tzinfo=UTC)


@given(st.sampled_from(OFFERS), MOMENTS, st.integers(1, 400))
def test_candles_are_the_newest_closed_ones(offer: tuple[str, str], until: datetime, count: int) -> None:
    symbol, timeframe = offer
    step = timeframes.length(timeframe)
    everything = MARKET.candles(
        symbol, timeframe, until=datetime(2030, 1, 1, tzinfo=UTC), count=10**6
    ).candles
    first_close_at = everything[0].opened_at + step
    if until < first_close_at:
        with pytest.raises(NoCandles):
            MARKET.candles(symbol, timeframe, until=until, count=count)
        return
    series = MARKET.candles(symbol, timeframe, until=until, count=count)
    assert series.candles == tuple(c for c in everything if c.opened_at + step <= until)[-count:]
    assert series.sha256 == hashlib.sha256(tapes.canonical(series.candles)).hexdigest()


def test_a_wrong_question_names_what_is_on_offer() -> None:
    until = datetime(2019, 1, 1, tzinfo=UTC)
    with pytest.raises(UnknownSymbol, match="no 'DOGE/USD'; it has BTC/USD, ETH/USD, LTC/USD"):
        MARKET.candles("DOGE/USD", "1d", until=until, count=1)
    with pytest.raises(UnknownTimeframe, match="no '1h' of ETH/USD; it has 1d"):
        MARKET.candles("ETH/USD", "1h", until=until, count=1)
    with pytest.raises(NoCandles, match="no 1d candle of ETH/USD had closed at 2017-01-01"):
        MARKET.candles("ETH/USD", "1d", until=datetime(2017, 1, 1, tzinfo=UTC), count=1)
    with pytest.raises(ValueError, match="count 0"):
        MARKET.candles("ETH/USD", "1d", until=until, count=0)
    with pytest.raises(ValueError, match="time zone"):
        MARKET.candles("ETH/USD", "1d", until=until.replace(tzinfo=None), count=1)


def test_the_span_starts_after_250_candles_of_each_and_ends_with_the_first_to_end() -> None:
    span = MARKET.span()
    # ETH is the last to begin: its first day opens 2017-11-09, and 250 days close on 2018-07-17
    assert span.starts_at == datetime(2017, 11, 9, tzinfo=UTC) + timedelta(days=250)
    # the hours end first: the last one opens 2019-10-17 08:00
    assert span.ends_at == datetime(2019, 10, 17, 9, tzinfo=UTC)
    for symbol, timeframe in OFFERS:
        assert len(MARKET.candles(symbol, timeframe, until=span.starts_at, count=250).candles) == 250
        assert MARKET.candles(symbol, timeframe, until=span.ends_at, count=1).candles


def test_threads_that_ask_at_once_get_the_same_candles() -> None:
    market = ReplayMarket()
    until = datetime(2019, 1, 1, tzinfo=UTC)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: market.candles("BTC/USD", "1h", until=until, count=300), range(32)))
    assert len({id(answer.candles[0]) for answer in answers}) == 1  # one reading of the file, shared


def test_a_recording_that_is_not_what_the_index_vouches_for_is_refused(tmp_path: Path) -> None:
    for file in replay.RECORDINGS.glob("*.*"):
        shutil.copy(file, tmp_path)
    shutil.copy(tmp_path / "LTC-USD.1d.csv.gz", tmp_path / "ETH-USD.1d.csv.gz")
    (tmp_path / "LTC-USD.1d.csv.gz").write_bytes(b"no gzip")
    market = ReplayMarket(tmp_path)
    for symbol in ("ETH", "LTC"):
        with pytest.raises(MarketUnavailable, match=f"{symbol}-USD.1d.csv.gz cannot be read"):
            market.candles(f"{symbol}/USD", "1d", until=datetime(2019, 1, 1, tzinfo=UTC), count=1)


def test_a_folder_without_an_index_is_no_market(tmp_path: Path) -> None:
    with pytest.raises(MarketUnavailable, match="no index"):
        ReplayMarket(tmp_path)
