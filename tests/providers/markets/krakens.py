"""A server on this machine that plays Kraken's public API as it is documented; nothing of it is recorded."""

import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PAIRS = {"XXBTZUSD": ("XXBT", "ZUSD", "XBTUSD"), "XETHZUSD": ("XETH", "ZUSD", "ETHUSD")}
# Kraken hands out 720 candles at most, whatever is asked for.
MOST = 720


@dataclass
class Kraken:
    """What the server does.

    now       its clock; candles go up to the one that is not over yet
    status    answers so instead of 200, with *body* if there is one
    body      sent instead of what is documented
    missing   when candles opened that it leaves out
    asked     how often each method was asked for
    """

    base_url: str
    now: datetime
    status: int = 200
    body: bytes | None = None
    missing: set[datetime] = field(default_factory=set)
    zero_volume: bool = False
    pause_s: float = 0.0
    tells_time: bool = True
    asked: Counter[str] = field(default_factory=Counter)

    def price(self, opened_at: datetime) -> float:
        """Return the close of the candle that opened then: any, and always the same."""
        hour = int(opened_at.timestamp()) // 60
        return 30_000.0 + hour % 97 + (hour % 7) / 10

    def answer(self, method: str, asked: dict[str, list[str]]) -> bytes:
        """Return the body for *method* of the public API."""
        match method:
            case "Assets":
                names = sorted({name for base, quote, _ in PAIRS.values() for name in (base, quote)})
                result: object = {name: _asset(name) for name in names}
            case "AssetPairs":
                result = {pair: _pair(pair) for pair in PAIRS}
            case "OHLC":
                result = self._candles(asked["pair"][0], timedelta(minutes=int(asked["interval"][0])))
            case "Ticker":
                result = {asked["pair"][0]: self._ticker()}
            case _:
                return json.dumps({"error": ["EGeneral:Unknown method"]}).encode()
        return json.dumps({"error": [], "result": result}).encode()

    def _candles(self, pair: str, step: timedelta) -> object:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        newest = epoch + (self.now - epoch) // step * step
        times = [newest - step * back for back in range(MOST - 1, -1, -1)]
        rows = [self._row(at, step) for at in times if at not in self.missing]
        return {pair: rows, "last": int((newest - step).timestamp())}

    def _row(self, opened_at: datetime, step: timedelta) -> list[object]:
        opened, close = self.price(opened_at - step), self.price(opened_at)
        high, low = max(opened, close) + 5, min(opened, close) - 5
        volume = "0.00000000" if self.zero_volume else "12.50000000"
        texts = [f"{price:.1f}" for price in (opened, high, low, close, (high + low) / 2)]
        return [int(opened_at.timestamp()), *texts, volume, 23]

    def _ticker(self) -> object:
        return {
            "a": ["30300.10000", "1", "1.000"],
            "b": ["30300.00000", "1", "1.000"],
            "c": ["30303.20000", "0.00067643"],
            "v": ["4083.67001100", "4412.73601799"],
            "p": ["30706.77771", "30689.13205"],
            "t": [34619, 38907],
            "l": ["29868.30000", "29868.30000"],
            "h": ["31631.00000", "31631.00000"],
            "o": "30502.80000",
        }


@contextlib.contextmanager
def kraken(now: datetime) -> Iterator[Kraken]:
    """Serve on a free loopback port until the end of the test."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            method = address.path.rpartition("/")[2]
            played.asked[method] += 1
            time.sleep(played.pause_s)
            documented = played.answer(method, parse_qs(address.query))
            body = documented if played.body is None else played.body
            self.send_response_only(played.status)
            if played.tells_time:
                self.send_header("Date", format_datetime(played.now, usegmt=True))
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so the base calls it
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        played = Kraken(f"http://127.0.0.1:{server.server_address[1]}", now)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield played
        finally:
            server.shutdown()


def _asset(name: str) -> object:
    return {
        "aclass": "currency",
        "altname": name[1:],
        "decimals": 10,
        "display_decimals": 5,
        "status": "enabled",
    }


def _pair(pair: str) -> object:
    base, quote, altname = PAIRS[pair]
    return {
        "altname": altname,
        "wsname": f"{altname[:3]}/{altname[3:]}",
        "aclass_base": "currency",
        "base": base,
        "aclass_quote": "currency",
        "quote": quote,
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": 1,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [2, 3, 4, 5],
        "leverage_sell": [2, 3, 4, 5],
        "fees": [[0, 0.26], [50000, 0.24]],
        "fees_maker": [[0, 0.16], [50000, 0.14]],
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.0001",
        "costmin": "0.5",
        "tick_size": "0.1",
        "status": "online",
    }
