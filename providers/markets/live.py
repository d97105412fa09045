"""An exchange's candles as they close: the same answers as a replay's, and one request for each candle."""

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from providers.errors import MarketUnavailable, NoCandles, UnknownSymbol
from providers.markets import timeframes
from providers.markets.exchanges import LIBRARY, Exchange, Fetched
from providers.markets.recordings import tapes
from providers.markets.shelves import Shelf
from providers.markets.types import Candle, CandleSeries, Span, Ticker

# A live market has no beginning and no end; a clock that runs within this span shows the real time.
SPAN = Span(datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))
KEPT_CANDLES = 300
# Closed candles stay as they are. One that the exchange has not published yet is asked for again soon.
LONGEST_TTL_S, WAITING_TTL_S = 3600.0, 2.0
# Those who ask while an exchange is away hear what the first of them heard.
FAILED_TTL_S = 2.0
POLL_S = 0.05


class _Kept(BaseModel):
    """What lies on the shelf: candles as rows, their times in seconds since the epoch; None is no number.

    failed  why there are none
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fetched_at: datetime
    failed: str = ""
    rows: list[tuple[int, float | None, float | None, float | None, float | None, float | None]]


class LiveMarket:
    """What *exchange* publishes of *symbols*, seen by whoever shares *shelf*.

    patience_s  how long to wait for somebody else who fetches the same
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        symbols: Sequence[str],
        shelf: Shelf,
        patience_s: float,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.name = exchange.name
        self._exchange = exchange
        self._symbols = tuple(symbols)
        self._shelf = shelf
        self._patience_s = patience_s
        self._clock = clock

    def offers(self) -> dict[str, tuple[str, ...]]:
        """Return the timeframes for each symbol; whether the exchange has them shows when it is asked."""
        return dict.fromkeys(self._symbols, tuple(timeframes.SECONDS))

    def span(self) -> Span:
        """Return the span of all time that matters."""
        return SPAN

    def candles(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return at most *count* candles that had closed at *until*, oldest first.

        One that closed by this machine's clock and not by the exchange's is not over yet.
        Raises:  UnknownSymbol; UnknownTimeframe; NoCandles; MarketUnavailable; ValueError if *count*
                 is below 1 or *until* has no time zone.
        """
        if count < 1 or until.tzinfo is None:
            raise ValueError(f"count {count} must be at least 1, and {until} must have a time zone")
        self._check(symbol)
        kept = self._kept(symbol, timeframe, until, max(count, KEPT_CANDLES))
        return self._series(kept, symbol, timeframe, until, count)

    def kept(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return what lies on the shelf of `candles`, or what lay there a candle ago; nobody is asked.

        Raises:  UnknownSymbol; UnknownTimeframe; NoCandles if nothing lies there.
        """
        self._check(symbol)
        for moment in (until, until - timeframes.length(timeframe)):
            raw = self._shelf.get(self._key(symbol, timeframe, moment, max(count, KEPT_CANDLES)))
            kept = _read(raw)
            if kept is not None and not kept.failed:
                return self._series(kept, symbol, timeframe, until, count)
        raise NoCandles(f"no {timeframe} candles of {symbol} at {self.name} are kept here")

    def ticker(self, symbol: str, *, at: datetime) -> Ticker:
        """Return what *symbol* trades at now; *at* must be about now, since nobody can ask for another time.

        Raises:  UnknownSymbol; MarketUnavailable.
        """
        self._check(symbol)
        return self._exchange.ticker(symbol)

    def _series(self, kept: _Kept, symbol: str, timeframe: str, until: datetime, count: int) -> CandleSeries:
        closed = _closed(_candles(kept), timeframe, until)[-count:]
        if not closed:
            raise NoCandles(
                f"no {timeframe} candle of {symbol} at {self.name} had closed at {until.isoformat()}"
            )
        return CandleSeries(
            symbol=symbol,
            timeframe=timeframe,
            candles=closed,
            source=f"{LIBRARY}:{self.name}",
            sha256=hashlib.sha256(tapes.canonical(closed)).hexdigest(),
            fetched_at=kept.fetched_at,
        )

    def _key(self, symbol: str, timeframe: str, until: datetime, count: int) -> str:
        newest_close = timeframes.last_close(timeframe, until)
        return f"{self.name}:{symbol}:{timeframe}:{newest_close:%Y%m%dT%H%M}:{count}"

    def _check(self, symbol: str) -> None:
        if symbol not in self._symbols:
            raise UnknownSymbol(f"{symbol!r} is not among MARKET_SYMBOLS: {', '.join(self._symbols)}")

    def _kept(self, symbol: str, timeframe: str, until: datetime, count: int) -> _Kept:
        """Return the candles from the shelf, or from the exchange if nobody else is fetching them."""
        key = self._key(symbol, timeframe, until, count)
        give_up_at = time.monotonic() + self._patience_s
        while True:
            kept = _read(self._shelf.get(key))
            if kept is None and (
                self._shelf.claim(key, ttl_s=self._patience_s) or time.monotonic() > give_up_at
            ):
                try:
                    kept = self._fetched(key, symbol, timeframe, until, count)
                finally:
                    self._shelf.release(key)
            if kept is not None:
                if kept.failed:
                    raise MarketUnavailable(kept.failed)
                return kept
            time.sleep(POLL_S)

    def _fetched(self, key: str, symbol: str, timeframe: str, until: datetime, count: int) -> _Kept:
        """Ask the exchange, and put what it says on the shelf."""
        # Somebody may have put it there between our look and our claim.
        kept = _read(self._shelf.get(key))
        if kept is not None:
            return kept
        try:
            fetched = self._exchange.candles(symbol, timeframe, count=count + 1)
        except MarketUnavailable as error:
            kept, ttl_s = _Kept(fetched_at=self._clock(), failed=str(error), rows=[]), FAILED_TTL_S
        else:
            over = _over(fetched, timeframe, until)
            kept = _Kept(fetched_at=self._clock(), rows=[_row(candle) for candle in over])
            ttl_s = _lifetime_s(over, timeframe, until)
        self._shelf.put(key, orjson.dumps(kept.model_dump(mode="json")), ttl_s=ttl_s)
        return kept


def _lifetime_s(over: Sequence[Candle], timeframe: str, until: datetime) -> float:
    """Return how long *over* is worth keeping: not for long while the newest is missing."""
    step = timeframes.length(timeframe)
    if not over or over[-1].opened_at + step < timeframes.last_close(timeframe, until):
        return WAITING_TTL_S
    return min(step.total_seconds(), LONGEST_TTL_S)


def _over(fetched: Fetched, timeframe: str, until: datetime) -> tuple[Candle, ...]:
    """Return the candles that are over by both clocks, ours and the exchange's."""
    by = min(until, fetched.exchange_at) if fetched.exchange_at is not None else until
    return _closed(fetched.candles, timeframe, by)


def _closed(candles: Sequence[Candle], timeframe: str, until: datetime) -> tuple[Candle, ...]:
    step = timeframes.length(timeframe)
    return tuple(candle for candle in candles if candle.opened_at + step <= until)


def _row(candle: Candle) -> tuple[int, float | None, float | None, float | None, float | None, float | None]:
    seconds = (candle.opened_at - timeframes.EPOCH) // timedelta(seconds=1)
    opened, high, low, close, volume = (
        value if math.isfinite(value) else None
        for value in (candle.open, candle.high, candle.low, candle.close, candle.volume)
    )
    return seconds, opened, high, low, close, volume


def _candles(kept: _Kept) -> tuple[Candle, ...]:
    return tuple(
        Candle(
            timeframes.EPOCH + timedelta(seconds=seconds),
            *(math.nan if value is None else value for value in values),
        )
        for seconds, *values in kept.rows
    )


def _read(raw: bytes | None) -> _Kept | None:
    if raw is None:
        return None
    try:
        return _Kept.model_validate_json(raw)
    except ValidationError:
        return None
