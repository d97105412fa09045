"""What prices have done: candles as rows of numbers, read once for each candle that closes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
import structlog

import risk
from providers.errors import MarketError, MarketUnavailable
from providers.markets import timeframes
from providers.markets.types import CandleSeries
from risk.series import FloatArray
from thalas import regime_policies
from thalas.selectors import markets

log = structlog.get_logger(__name__)

# The candles that portfolios are priced and their risk is measured by: all series of the replay have them.
RISK_TIMEFRAME = "1d"
ORIGIN = "stored daily candles"
CANDLES = 251
VOLUME_CANDLES = 30


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The last closed candles of one symbol.

    opened_at   shape (candles,), seconds since the epoch, market time
    highs, lows, closes   shape (candles,), quote currency per base unit
    volume_usd  what is traded in a candle, the median of the last month
    closed_at   when the last candle closed
    regime      one of `risk.REGIMES`
    """

    opened_at: FloatArray
    highs: FloatArray
    lows: FloatArray
    closes: FloatArray
    volume_usd: float
    closed_at: datetime
    regime: str

    def at(self, times: FloatArray) -> FloatArray:
        """Return the close of the candle opened at each of *times*; where none was, of the one before it.

        Before the first candle it is the first one's.
        """
        if np.array_equal(times, self.opened_at):
            return self.closes
        places = np.searchsorted(self.opened_at, times, side="right") - 1
        return self.closes[np.maximum(places, 0)]


def history(symbol: str, timeframe: str, *, at: datetime) -> History | None:
    """Return the newest candles of *symbol* that had closed at market time *at*; None if there are none.

    An exchange is not asked, for whoever closes a run holds locks meanwhile: only what is kept is read.
    """
    try:
        if markets.is_live():
            return _history(markets.market().kept(symbol, timeframe, until=at, count=CANDLES))
        return _until(symbol, timeframe, timeframes.last_close(timeframe, at))
    except MarketError:
        return None


def fetch(symbols: Iterable[str], *, at: datetime) -> None:
    """Let the market fetch what `history` will read of *symbols* soon after market time *at*, if it can.

    One that is away is not waited for once for each symbol.
    """
    for symbol in symbols:
        try:
            markets.market().candles(symbol, RISK_TIMEFRAME, until=at, count=CANDLES)
        except MarketError as error:
            log.warning("history_missing", symbol=symbol, error=str(error))
            if isinstance(error, MarketUnavailable):
                return


def freshen(symbols: Iterable[str], *, at: datetime) -> None:
    """Let an exchange fetch what `history` will read of *symbols*, for those who hold no locks."""
    if markets.is_live():
        offered = markets.offers()
        fetch((symbol for symbol in dict.fromkeys(symbols) if symbol in offered), at=at)


def days(histories: "list[History]") -> FloatArray:
    """Return when the newest candles that any of *histories* has were opened, oldest first."""
    if not histories:
        return np.empty(0)
    times = histories[0].opened_at
    for other in histories[1:]:
        times = times if np.array_equal(times, other.opened_at) else np.union1d(times, other.opened_at)
    return times[-CANDLES:]


def returns(histories: "list[History]") -> FloatArray | None:
    """Return the simple returns of each, shape (histories, periods), over the closes that all of them have.

    None if that leaves fewer than one period.
    """
    if not histories:
        return np.empty((0, 0))
    times = histories[0].opened_at
    if all(np.array_equal(times, other.opened_at) for other in histories[1:]):
        closes = np.stack([each.closes for each in histories])
    else:
        for other in histories[1:]:
            times = np.intersect1d(times, other.opened_at, assume_unique=True)
        closes = np.stack([each.closes[np.isin(each.opened_at, times)] for each in histories])
    return closes[:, 1:] / closes[:, :-1] - 1.0 if closes.shape[1] > 1 else None


@lru_cache(maxsize=256)
def _until(symbol: str, timeframe: str, closed_at: datetime) -> History:
    return _history(markets.market().candles(symbol, timeframe, until=closed_at, count=CANDLES))


def _history(series: CandleSeries) -> History:
    candles = series.candles
    highs, lows, closes, volumes = (
        np.array([getattr(candle, name) for candle in candles]) for name in ("high", "low", "close", "volume")
    )
    return History(
        opened_at=np.array([candle.opened_at.timestamp() for candle in candles]),
        highs=highs,
        lows=lows,
        closes=closes,
        volume_usd=float(np.median((closes * volumes)[-VOLUME_CANDLES:])),
        closed_at=candles[-1].opened_at + timeframes.length(series.timeframe),
        regime=risk.classify(highs, lows, closes, thresholds=regime_policies.policies().thresholds),
    )
