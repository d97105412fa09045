"""Live candles through ccxt, of a server that plays Kraken as documented; no recording of it exists here."""

import importlib
import math
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from providers.errors import (
    MarketUnavailable,
    NoCandles,
    UnknownSymbol,
    UnknownTimeframe,
)
from providers.markets import exchanges
from providers.markets.exchanges import Fetched, PublicExchange
from providers.markets.live import LiveMarket
from providers.markets.shelves import LocalShelf, Shelf
from providers.markets.types import Candle
from tests.providers.markets.krakens import Kraken, kraken
from thalas.domain import quality

NOW = datetime(2026, 3, 5, 12, 20, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SYMBOLS = ("BTC/USD", "ETH/USD", "DOGE/USD")


@pytest.fixture
def served() -> Iterator[Kraken]:
    with kraken(NOW) as played:
        yield played


def door(served: Kraken, *, timeout_s: float = 5.0) -> PublicExchange:
    return PublicExchange("kraken", timeout_s=timeout_s, base_url=served.base_url, pause_s=0.0)


def market(served: Kraken, *, shelf: Shelf | None = None, timeout_s: float = 5.0) -> LiveMarket:
    return LiveMarket(
        door(served, timeout_s=timeout_s), symbols=SYMBOLS, shelf=shelf or LocalShelf(), patience_s=10.0
    )


# --- what comes back -----------------------------------------------------------------------------


def test_candles_are_the_exchanges_own_and_the_unfinished_one_is_left_out(served: Kraken) -> None:
    series = market(served).candles("BTC/USD", "1h", until=NOW, count=300)
    assert len(series.candles) == 300
    newest = series.candles[-1]
    assert newest.opened_at == datetime(2026, 3, 5, 11, tzinfo=UTC)
    assert newest.close == served.price(newest.opened_at)
    assert (newest.open, newest.volume) == (served.price(newest.opened_at - HOUR), 12.5)
    assert (newest.high, newest.low) == (
        max(newest.open, newest.close) + 5,
        min(newest.open, newest.close) - 5,
    )
    assert quality.faults(series, as_of=NOW) == ()


def test_where_they_come_from_is_kept_with_them(served: Kraken) -> None:
    before = datetime.now(UTC)
    first = market(served).candles("BTC/USD", "1h", until=NOW, count=300)
    assert first.source == "ccxt:kraken"
    assert first.fetched_at is not None
    assert before <= first.fetched_at <= datetime.now(UTC)
    assert market(served).candles("BTC/USD", "1h", until=NOW, count=300).sha256 == first.sha256 != "0" * 64
    assert market(served).candles("ETH/USD", "1h", until=NOW, count=299).sha256 != first.sha256


def test_a_candle_that_closes_in_this_moment_has_closed(served: Kraken) -> None:
    served.now = noon = datetime(2026, 3, 5, 12, tzinfo=UTC)
    series = market(served).candles("BTC/USD", "1h", until=noon, count=10)
    assert series.candles[-1].opened_at == noon - HOUR


def test_a_clock_ahead_of_the_exchanges_takes_no_unfinished_candle_for_a_finished_one(served: Kraken) -> None:
    served.now = datetime(2026, 3, 5, 11, 59, 30, tzinfo=UTC)
    ahead = served.now + timedelta(minutes=2)
    series = market(served).candles("BTC/USD", "1h", until=ahead, count=10)
    assert series.candles[-1].opened_at == datetime(2026, 3, 5, 10, tzinfo=UTC)


def test_a_clock_far_ahead_is_a_fault_of_the_data(served: Kraken) -> None:
    ahead = NOW + timedelta(hours=5)
    series = market(served).candles("BTC/USD", "1h", until=ahead, count=300)
    assert [fault.split(":")[0] for fault in quality.faults(series, as_of=ahead)] == ["stale"]


def test_a_gap_and_missing_trade_are_found_by_the_quality_gate(served: Kraken) -> None:
    served.missing = {datetime(2026, 3, 5, 9, tzinfo=UTC)}
    served.zero_volume = True
    series = market(served).candles("BTC/USD", "1h", until=NOW, count=300)
    assert [fault.split(":")[0] for fault in quality.faults(series, as_of=NOW)] == ["gap", "idle"]


def test_a_ticker_says_what_a_symbol_trades_at(served: Kraken) -> None:
    ticker = market(served).ticker("BTC/USD", at=NOW)
    assert (ticker.last, ticker.bid, ticker.ask) == (30_303.2, 30_300.0, 30_300.1)
    assert (ticker.at, ticker.source) == (NOW.replace(microsecond=0), "ccxt:kraken")


# --- what can go wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "line"),
    [
        (
            429,
            b'{"error":["EGeneral:Too many requests"]}',
            "kraken is asked too often from here and wants a pause (",
        ),
        (
            503,
            b"<html>\n<h1>503</h1> away</html>",
            "kraken cannot be reached now (ExchangeNotAvailable, HTTP 503)",
        ),
        (500, b"", "kraken cannot be reached now (ExchangeNotAvailable, HTTP 500)"),
        (200, b"<html>maintenance</html>", "kraken"),
        (200, b"", "kraken"),
        (200, b'{"error":["EService:Unavailable"]}', "kraken cannot be reached now"),
        (200, b'{"error":["EAPI:Rate limit exceeded"]}', "kraken is asked too often"),
        (200, b'{"error":[],"result":{}}', "kraken"),
        (200, b'{"error":[],"result":{"XXBTZUSD":7}}', "kraken"),
        (200, b'{"error":[],"result":{"XXBTZUSD":[["x",1]],"last":1}}', "kraken"),
        (200, b'{"error":[],"result":{"XXBTZUSD":[7],"last":1}}', "kraken"),
        (200, b"[]", "kraken"),
        (200, b"\xff\xfe\x00", "kraken"),
    ],
)
def test_an_answer_that_is_none_is_one_clear_line(
    served: Kraken, status: int, body: bytes, line: str
) -> None:
    asked = market(served)
    asked.candles("ETH/USD", "1h", until=NOW, count=10)
    served.status, served.body = status, body
    with pytest.raises((MarketUnavailable, NoCandles)) as raised:
        asked.candles("BTC/USD", "1h", until=NOW, count=10)
    told = str(raised.value)
    assert told.startswith(line) or "at kraken had closed" in told
    assert len(told) < 160
    assert "\n" not in told
    assert "<" not in told


def test_an_answer_that_is_none_at_the_first_question_is_one_clear_line_too(served: Kraken) -> None:
    served.status = 503
    asked = market(served)
    with pytest.raises(MarketUnavailable, match="kraken cannot be reached now"):
        asked.candles("BTC/USD", "1h", until=NOW, count=10)
    served.status = 200
    # It is asked again once what is kept of the failure has expired.
    later = market(served)
    assert later.candles("BTC/USD", "1h", until=NOW, count=10).candles


def test_a_network_that_is_away_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nobody = PublicExchange("kraken", timeout_s=2.0, base_url=f"http://127.0.0.1:{port}")
    asked = LiveMarket(nobody, symbols=SYMBOLS, shelf=LocalShelf(), patience_s=5.0)
    with pytest.raises(MarketUnavailable) as raised:
        asked.candles("BTC/USD", "1h", until=NOW, count=10)
    assert str(raised.value).startswith("kraken cannot be reached now (")
    assert str(raised.value).endswith("; is this machine's network up?")


def test_an_exchange_that_does_not_answer_is_waited_for_no_longer_than_said(served: Kraken) -> None:
    asked = market(served, timeout_s=0.3)
    served.pause_s = 1.5
    with pytest.raises(MarketUnavailable, match=r"kraken did not answer within 0\.3 s"):
        asked.candles("BTC/USD", "1h", until=NOW, count=10)


def test_a_symbol_that_is_not_on_offer_or_that_the_exchange_lacks_is_told(served: Kraken) -> None:
    asked = market(served)
    with pytest.raises(UnknownSymbol, match="'SOL/USD' is not among MARKET_SYMBOLS: BTC/USD, ETH"):
        asked.candles("SOL/USD", "1h", until=NOW, count=10)
    with pytest.raises(UnknownSymbol, match=r"kraken has no 'DOGE/USD'; it has .*USD, among others"):
        asked.candles("DOGE/USD", "1h", until=NOW, count=10)
    with pytest.raises(UnknownSymbol):
        asked.ticker("DOGE/USD", at=NOW)


def test_a_timeframe_that_nobody_has_or_that_the_exchange_lacks_is_told(served: Kraken) -> None:
    with pytest.raises(UnknownTimeframe, match="'7h' is no timeframe"):
        market(served).candles("BTC/USD", "7h", until=NOW, count=10)
    exchange = PublicExchange("kraken", timeout_s=5.0, base_url=served.base_url)
    with pytest.raises(
        UnknownTimeframe, match="kraken has no '2h' candles; it has 1m, 5m, 15m, 30m, 1h, 4h, 1d"
    ):
        exchange.candles("BTC/USD", "2h", count=10)


def test_a_moment_before_all_candles_has_none(served: Kraken) -> None:
    with pytest.raises(NoCandles, match="had closed at 2020-01-01"):
        market(served).candles("BTC/USD", "1h", until=datetime(2020, 1, 1, tzinfo=UTC), count=10)


def test_a_time_without_a_zone_and_a_count_below_one_are_the_callers_mistakes(served: Kraken) -> None:
    for until, count in ((NOW, 0), (NOW.replace(tzinfo=None), 1)):
        with pytest.raises(ValueError, match="must be at least 1"):
            market(served).candles("BTC/USD", "1h", until=until, count=count)


# --- one request for each candle -----------------------------------------------------------------


def test_whoever_shares_a_shelf_shares_the_request(served: Kraken) -> None:
    shelf = LocalShelf()
    served.pause_s = 0.1
    markets = [market(served, shelf=shelf) for _ in range(8)]
    found = []

    def ask(one: LiveMarket) -> None:
        found.append(one.candles("BTC/USD", "1h", until=NOW, count=300))

    threads = [threading.Thread(target=ask, args=(one,)) for one in markets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert served.asked["OHLC"] == 1


def test_the_next_candle_is_another_request(served: Kraken) -> None:
    asked = market(served)
    for minutes in (0, 10, 39):
        asked.candles("BTC/USD", "1h", until=NOW + timedelta(minutes=minutes), count=10)
    assert served.asked["OHLC"] == 1
    served.now = later = NOW + timedelta(minutes=40)
    assert asked.candles("BTC/USD", "1h", until=later, count=10).candles[-1].opened_at.hour == 12
    assert served.asked["OHLC"] == 2


def test_a_candle_that_is_not_published_yet_is_asked_for_again_soon() -> None:
    class Late:
        name = "late"
        asked = 0

        def candles(self, symbol: str, timeframe: str, *, count: int) -> Fetched:
            self.asked += 1
            newest = NOW.replace(minute=0, second=0) - (HOUR if self.asked == 1 else timedelta(0))
            times = [newest - HOUR * back for back in range(count, 0, -1)]
            return Fetched(tuple(Candle(at, 1.0, 1.0, 1.0, 1.0, 1.0) for at in times), None)

    late, seconds = Late(), [0.0]
    shelf = LocalShelf(clock=lambda: seconds[0])
    asked = LiveMarket(late, symbols=SYMBOLS, shelf=shelf, patience_s=10.0)  # type: ignore[arg-type]
    assert asked.candles("BTC/USD", "1h", until=NOW, count=3).candles[-1].opened_at.hour == 10
    assert asked.candles("BTC/USD", "1h", until=NOW, count=3).candles[-1].opened_at.hour == 10
    seconds[0] = 2.5
    assert asked.candles("BTC/USD", "1h", until=NOW, count=3).candles[-1].opened_at.hour == 11
    assert late.asked == 2


def test_those_who_ask_while_an_exchange_is_away_hear_what_the_first_heard(served: Kraken) -> None:
    shelf = LocalShelf(clock=lambda: 0.0)
    asked = market(served, shelf=shelf)
    asked.candles("ETH/USD", "1h", until=NOW, count=10)
    served.status = 503
    for _ in range(5):
        with pytest.raises(MarketUnavailable, match="HTTP 503"):
            asked.candles("BTC/USD", "1h", until=NOW, count=10)
    assert served.asked["OHLC"] == 2


def test_what_lies_damaged_on_the_shelf_is_fetched_anew(served: Kraken) -> None:
    class Damaged(LocalShelf):
        def get(self, key: str) -> bytes | None:
            return b'{"rows": "none"}'

    assert market(served, shelf=Damaged()).candles("BTC/USD", "1h", until=NOW, count=10).candles


def test_a_number_that_is_missing_stays_missing_on_the_shelf() -> None:
    class Holed:
        name = "holed"

        def candles(self, symbol: str, timeframe: str, *, count: int) -> Fetched:
            at = NOW.replace(minute=0, second=0) - HOUR
            return Fetched((Candle(at, 1.0, math.nan, 1.0, 1.0, 2.0),), None)

    asked = LiveMarket(Holed(), symbols=SYMBOLS, shelf=LocalShelf(), patience_s=1.0)  # type: ignore[arg-type]
    for _ in range(2):
        (candle,) = asked.candles("BTC/USD", "1h", until=NOW, count=3).candles
        assert math.isnan(candle.high)
        assert (candle.low, candle.volume) == (1.0, 2.0)


# --- who pays for ccxt ---------------------------------------------------------------------------


def test_the_exchanges_are_known_without_reading_them() -> None:
    program = (
        "import sys\nfrom providers.markets import exchanges, live, registry\n"
        "assert {'kraken', 'binance', 'coinbase', 'hyperliquid'} <= exchanges.known()\n"
        "assert len(exchanges.known()) > 90\n"
        "sys.exit('ccxt' in sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_what_is_known_is_what_ccxt_says() -> None:
    assert exchanges.known() == set(importlib.import_module("ccxt").exchanges)


# --- what is kept --------------------------------------------------------------------------------


def test_what_is_kept_is_read_without_asking_the_exchange(served: Kraken) -> None:
    asked = market(served)
    with pytest.raises(NoCandles, match="are kept here"):
        asked.kept("BTC/USD", "1h", until=NOW, count=10)
    assert served.asked["OHLC"] == 0
    said = asked.candles("BTC/USD", "1h", until=NOW, count=10)
    assert asked.kept("BTC/USD", "1h", until=NOW, count=10) == said
    # A candle later the newest has not been fetched: what there is ends where it ended.
    assert asked.kept("BTC/USD", "1h", until=NOW + HOUR, count=10) == said
    with pytest.raises(NoCandles):
        asked.kept("BTC/USD", "1h", until=NOW + 2 * HOUR, count=10)
    assert served.asked["OHLC"] == 1


def test_an_exchange_that_was_away_leaves_nothing_that_is_kept(served: Kraken) -> None:
    asked = market(served, shelf=LocalShelf(clock=lambda: 0.0))
    served.status = 503
    with pytest.raises(MarketUnavailable):
        asked.candles("BTC/USD", "1h", until=NOW, count=10)
    with pytest.raises(NoCandles):
        asked.kept("BTC/USD", "1h", until=NOW, count=10)
