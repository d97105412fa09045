"""The exchanges that ccxt knows, by their public doors: no key, and ccxt is read only when one is asked.

Importing ccxt costs a third of a second of CPU, which processes that read no market do not pay.
"""

import difflib
import importlib
import importlib.util
import math
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar
from urllib.parse import urlsplit, urlunsplit

from providers.errors import MarketError, MarketUnavailable, UnknownSymbol, UnknownTimeframe
from providers.markets import timeframes
from providers.markets.types import Candle, Ticker

LIBRARY = "ccxt"
NO_EXCHANGE = {"abstract", "async_support", "base", "pro", "prediction", "static_dependencies", "protobuf"}
FIELDS = 6
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """Candles as an exchange hands them over, the one that is not over yet included.

    exchange_at  what the exchange's clock said, None if it does not tell
    """

    candles: tuple[Candle, ...]
    exchange_at: datetime | None


class Exchange(Protocol):
    """Somebody who publishes candles and tickers."""

    name: str

    def candles(self, symbol: str, timeframe: str, *, count: int) -> Fetched:
        """Return about *count* of the newest candles.

        Raises:  UnknownSymbol; UnknownTimeframe; MarketUnavailable.
        """
        ...

    def ticker(self, symbol: str) -> Ticker:
        """Return what *symbol* trades at now.

        Raises:  UnknownSymbol; MarketUnavailable.
        """
        ...


class _Client(Protocol):
    """What is used of a ccxt exchange."""

    has: Mapping[str, object]
    timeframes: Mapping[str, object] | None
    symbols: Iterable[str] | None
    urls: dict[str, object]
    last_response_headers: Mapping[str, str] | None

    def load_markets(self) -> object: ...
    def fetch_ohlcv(self, symbol: str, timeframe: str, since: None, limit: int) -> object: ...
    def fetch_ticker(self, symbol: str) -> object: ...


@cache
def known() -> frozenset[str]:
    """Return the names of all exchanges, without reading any of them."""
    spec = importlib.util.find_spec(LIBRARY)  # finds the files, imports nothing
    if spec is None or spec.origin is None:
        return frozenset()
    return frozenset(file.stem for file in Path(spec.origin).parent.glob("[a-z0-9]*.py")) - NO_EXCHANGE


class PublicExchange:
    """The exchange that ccxt calls *name*; asked by one thread at a time, as slowly as it wishes.

    base_url  another address than its own: a proxy, or a double in tests
    pause_s   between two requests; None is as long as the exchange wishes
    """

    def __init__(
        self, name: str, *, timeout_s: float, base_url: str | None = None, pause_s: float | None = None
    ) -> None:
        self.name = name
        self._timeout_s = timeout_s
        self._base_url = base_url
        self._pause_s = pause_s
        self._client: _Client | None = None
        self._lock = threading.Lock()

    def candles(self, symbol: str, timeframe: str, *, count: int) -> Fetched:
        """Return about *count* of the newest candles."""

        def fetch(client: _Client) -> Fetched:
            self._check(client, symbol, timeframe)
            rows = client.fetch_ohlcv(symbol, timeframe, None, count)
            if not isinstance(rows, list):
                raise ValueError("no list")  # noqa: TRY004 - told like any other garbage
            return Fetched(tuple(map(_candle, rows)), _exchange_time(client.last_response_headers))

        return self._asked(fetch)

    def ticker(self, symbol: str) -> Ticker:
        """Return what *symbol* trades at now."""

        def fetch(client: _Client) -> Ticker:
            self._check(client, symbol, None)
            told = client.fetch_ticker(symbol)
            if not isinstance(told, dict):
                raise ValueError("no ticker")  # noqa: TRY004
            at = _exchange_time(client.last_response_headers)
            if isinstance(told.get("timestamp"), int):
                at = _moment(told["timestamp"])
            last, bid, ask = (_price(told.get(field)) for field in ("last", "bid", "ask"))
            return Ticker(symbol, at or datetime.now(UTC), last, bid, ask, source=f"{LIBRARY}:{self.name}")

        return self._asked(fetch)

    def _asked(self, ask: Callable[[_Client], T]) -> T:
        """Do *ask*; whatever it raises becomes one line."""
        with self._lock:
            library = importlib.import_module(LIBRARY)
            try:
                if self._client is None:
                    self._client = self._connect(library)
                return ask(self._client)
            except MarketError:
                raise
            except library.BaseError as error:
                raise MarketUnavailable(self._told(library, error)) from error
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                # What the library does not expect of an answer, it stumbles over.
                why = f"{self.name} answered with something that cannot be read ({type(error).__name__})"
                raise MarketUnavailable(why) from error

    def _connect(self, library: ModuleType) -> _Client:
        options = {"enableRateLimit": True, "timeout": round(self._timeout_s * 1000)}
        if self._pause_s is not None:
            options["rateLimit"] = max(1, round(self._pause_s * 1000))
        client: _Client = getattr(library, self.name)(options)
        if not client.has.get("fetchOHLCV"):
            raise MarketUnavailable(f"{self.name} publishes no candles that {LIBRARY} can read")
        if self._base_url is not None:
            client.urls["api"] = _elsewhere(client.urls["api"], self._base_url)
        client.load_markets()
        return client

    def _check(self, client: _Client, symbol: str, timeframe: str | None) -> None:
        symbols = sorted(client.symbols or ())
        if symbol not in symbols:
            close = difflib.get_close_matches(symbol, symbols, n=3) or symbols[:5]
            raise UnknownSymbol(f"{self.name} has no {symbol!r}; it has {', '.join(close)}, among others")
        if timeframe is not None and timeframe not in (client.timeframes or {}):
            offered = [one for one in timeframes.SECONDS if one in (client.timeframes or {})]
            raise UnknownTimeframe(f"{self.name} has no {timeframe!r} candles; it has {', '.join(offered)}")

    def _told(self, library: ModuleType, error: Exception) -> str:
        """Return *error* in one line; the library's own text quotes whole answers."""
        status = re.search(r"\s([45]\d\d)\s", str(error)[:300])
        code = f", HTTP {status[1]}" if status else ""
        if isinstance(error, library.RateLimitExceeded | library.DDoSProtection):
            return (
                f"{self.name} is asked too often from here and wants a pause ({type(error).__name__}{code})"
            )
        if isinstance(error, library.RequestTimeout):
            return f"{self.name} did not answer within {self._timeout_s:g} s"
        if isinstance(error, library.BadResponse):
            return f"{self.name} answered with something that cannot be read ({type(error).__name__})"
        if isinstance(error, library.NetworkError):
            reason = "" if code else "; is this machine's network up?"
            return f"{self.name} cannot be reached now ({type(error).__name__}{code}){reason}"
        return f"{self.name} refuses to answer ({type(error).__name__}{code})"


def _candle(row: object) -> Candle:
    if not isinstance(row, list) or len(row) < FIELDS or not isinstance(row[0], int):
        raise ValueError("no candle")
    opened, high, low, close, volume = (_number(value) for value in row[1:FIELDS])
    return Candle(_moment(row[0]), opened, high, low, close, volume)


def _number(value: object) -> float:
    """Return *value*; what is missing is no number, which the quality gate finds."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no number")  # noqa: TRY004
    return float(value)


def _price(value: object) -> float | None:
    number = _number(value)
    return number if math.isfinite(number) else None


def _moment(milliseconds: int) -> datetime:
    return timeframes.EPOCH + timedelta(milliseconds=milliseconds)


def _exchange_time(headers: Mapping[str, str] | None) -> datetime | None:
    told = next((value for name, value in (headers or {}).items() if name.lower() == "date"), None)
    try:
        at = parsedate_to_datetime(told) if told else None
    except ValueError:
        return None
    return at.astimezone(UTC) if at is not None and at.tzinfo is not None else None


def _elsewhere(address: object, base_url: str) -> object:
    """Return *address*, or each one in it, at *base_url*, its path kept."""
    if isinstance(address, dict):
        return {name: _elsewhere(inner, base_url) for name, inner in address.items()}
    if not isinstance(address, str):
        return address
    base = urlsplit(base_url)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + urlsplit(address).path, "", ""))
