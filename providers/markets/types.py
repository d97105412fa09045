"""What a market hands over: closed candles, tickers, and where they came from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed candle; prices in quote currency per base unit, volume in base units."""

    opened_at: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Closed candles of one symbol, oldest first, with their origin.

    source    who published them, e.g. "replay:bitstamp" or "ccxt:kraken"
    sha256    of the candles' canonical text, so that a brief can be traced to its data
    lap       how often a replay has started over; 0 for the first pass and for live markets
    fetched_at  when a live market handed them over; None for recordings
    """

    symbol: str
    timeframe: str
    candles: tuple[Candle, ...]
    source: str
    sha256: str
    lap: int = 0
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ticker:
    """What a symbol trades at; None for what the market does not say.

    at  when the market says so; prices in quote currency per base unit
    """

    symbol: str
    at: datetime
    last: float | None
    bid: float | None
    ask: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Span:
    """The market time from *starts_at* to *ends_at*."""

    starts_at: datetime
    ends_at: datetime


class Market(Protocol):
    """A place to read candles from; a live exchange and a replay look alike."""

    @property
    def name(self) -> str: ...

    def offers(self) -> dict[str, tuple[str, ...]]:
        """Return the timeframes on offer for each symbol, without asking anybody."""
        ...

    def span(self) -> Span:
        """Return the market time that there are candles for.

        Raises:  MarketUnavailable.
        """
        ...

    def candles(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return at most *count* candles that had closed at *until* (market time), oldest first.

        Raises:  UnknownSymbol; UnknownTimeframe; NoCandles; MarketUnavailable.
        """
        ...

    def kept(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return what `candles` has said lately, without asking anybody: it may end one candle earlier.

        Raises:  as of `candles`; NoCandles where nothing is kept.
        """
        ...

    def ticker(self, symbol: str, *, at: datetime) -> Ticker:
        """Return what *symbol* trades at, at *at* (market time).

        Raises:  UnknownSymbol; NoCandles; MarketUnavailable.
        """
        ...
