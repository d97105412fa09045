"""Recorded candles as a market: the same answers as a live one, offline and at any speed."""

from bisect import bisect_right
from datetime import datetime
from pathlib import Path
from threading import Lock

from providers.errors import MarketUnavailable, NoCandles, UnknownSymbol, UnknownTimeframe
from providers.markets import timeframes
from providers.markets.recordings import tapes
from providers.markets.recordings.tapes import Entry, Tape
from providers.markets.types import CandleSeries, Span, Ticker

RECORDINGS = Path(__file__).parent / "recordings"
WARM_UP_CANDLES = 250


class ReplayMarket:
    """The market of the recordings in *folder*; files are read when first asked for, then kept.

    Raises:  MarketUnavailable if the folder has no readable index.
    """

    name = "replay"

    def __init__(self, folder: Path = RECORDINGS) -> None:
        self._folder = folder
        self._tapes: dict[tuple[str, str], Tape] = {}
        self._lock = Lock()
        try:
            entries = tapes.read_index(folder)
        except (OSError, ValueError) as error:
            raise MarketUnavailable(f"no index of recordings can be read in {folder}: {error}") from error
        self._entries = {(entry.symbol, entry.timeframe): entry for entry in entries}

    def offers(self) -> dict[str, tuple[str, ...]]:
        """Return the timeframes on offer for each symbol, shortest first."""
        symbols = sorted({symbol for symbol, _ in self._entries})
        return {symbol: self._timeframes(symbol) for symbol in symbols}

    def candles(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return at most *count* candles that had closed at *until* (market time), oldest first.

        Raises:  UnknownSymbol; UnknownTimeframe; NoCandles; MarketUnavailable; ValueError if *count*
                 is below 1 or *until* has no time zone.
        """
        if count < 1 or until.tzinfo is None:
            raise ValueError(f"count {count} must be at least 1, and {until} must have a time zone")
        entry = self._entry(symbol, timeframe)
        tape = self._tape(entry)
        opened_by = until - timeframes.length(timeframe)
        stop = bisect_right(tape.candles, opened_by, key=lambda candle: candle.opened_at)
        if stop == 0:
            raise NoCandles(f"no {timeframe} candle of {symbol} had closed at {until.isoformat()}")
        start = max(0, stop - count)
        return CandleSeries(
            symbol=symbol,
            timeframe=timeframe,
            candles=tape.candles[start:stop],
            source=f"replay:{entry.venue}",
            sha256=tape.sha256(start, stop),
        )

    def kept(self, symbol: str, timeframe: str, *, until: datetime, count: int) -> CandleSeries:
        """Return what `candles` does: recordings are at hand.

        Raises:  as of `candles`.
        """
        return self.candles(symbol, timeframe, until=until, count=count)

    def ticker(self, symbol: str, *, at: datetime) -> Ticker:
        """Return the close of the newest of the shortest candles; a recording knows no bid and ask.

        Raises:  UnknownSymbol; NoCandles; MarketUnavailable.
        """
        offered = self.offers().get(symbol)
        if offered is None:
            raise UnknownSymbol(f"the replay has no {symbol!r}; it has {', '.join(self.offers())}")
        series = self.candles(symbol, offered[0], until=at, count=1)
        (candle,) = series.candles
        closed_at = candle.opened_at + timeframes.length(offered[0])
        return Ticker(symbol, closed_at, candle.close, bid=None, ask=None, source=series.source)

    def span(self) -> Span:
        """Return the time that all series share, after a warm-up of 250 candles of each.

        Raises:  MarketUnavailable if they share none.
        """
        tapes_by_entry = {entry: self._tape(entry) for entry in self._entries.values()}
        starts, ends = [], []
        for entry, tape in tapes_by_entry.items():
            step = timeframes.length(entry.timeframe)
            starts.append(tape.candles[min(WARM_UP_CANDLES, len(tape.candles)) - 1].opened_at + step)
            ends.append(tape.candles[-1].opened_at + step)
        if not starts or max(starts) >= min(ends):
            raise MarketUnavailable(f"the recordings in {self._folder} share no span of time")
        return Span(max(starts), min(ends))

    def _timeframes(self, symbol: str) -> tuple[str, ...]:
        kept = {timeframe for name, timeframe in self._entries if name == symbol}
        return tuple(sorted(kept, key=timeframes.length))

    def _entry(self, symbol: str, timeframe: str) -> Entry:
        offers = self.offers()
        if symbol not in offers:
            raise UnknownSymbol(f"the replay has no {symbol!r}; it has {', '.join(offers)}")
        if timeframe not in offers[symbol]:
            raise UnknownTimeframe(
                f"the replay has no {timeframe!r} of {symbol}; it has {', '.join(offers[symbol])}"
            )
        return self._entries[symbol, timeframe]

    def _tape(self, entry: Entry) -> Tape:
        """Return the series of *entry*; of threads that ask at once, one reads and the rest wait."""
        with self._lock:
            tape = self._tapes.get((entry.symbol, entry.timeframe))
            if tape is None:
                tape = self._tapes[entry.symbol, entry.timeframe] = self._read(entry)
            return tape

    def _read(self, entry: Entry) -> Tape:
        try:
            return tapes.read(self._folder, entry)
        except (OSError, EOFError, ValueError) as error:
            raise MarketUnavailable(f"the recording {entry.file_name} cannot be read: {error}") from error
