"""What a market hands over: closed candles, and where they came from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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

    source    who published them, e.g. "replay:bitstamp"
    sha256    of the candles' canonical text, so that a brief can be traced to its data
    lap       how often a replay has started over; 0 for the first pass and for live markets
    """

    symbol: str
    timeframe: str
    candles: tuple[Candle, ...]
    source: str
    sha256: str
    lap: int = 0


class Market(Protocol):
    """A place to read candles from; a live exchange and a replay look alike."""

    @property
    def name(self) -> str: ...

    def offers(self) -> dict[str, tuple[str, ...]]:
        """Return the timeframes on offer for each symbol."""
        ...

    def candles(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return at most *count* candles that had closed at *until* (market time), oldest first.

        Raises:  UnknownSymbol; UnknownTimeframe; NoCandles; MarketUnavailable.
        """
        ...
