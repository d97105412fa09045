"""The numbers that voters are shown beside the candles, as of the last candle."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import talib
from numpy.typing import NDArray

from providers.markets.types import Candle

FloatArray: TypeAlias = NDArray[np.float64]

VOLATILITY_WINDOW = 20
RANK_WINDOW = 100
DONCHIAN_WINDOW = 20


def compute(candles: Sequence[Candle]) -> dict[str, float]:
    """Return indicator name to value at the last candle; what cannot be computed is left out.

    candles  oldest first, finite
    result   prices and distances (sma, ema, macd, atr, bb, donchian) in quote currency; rsi, adx, di
             in [0, 100]; roc_10 and atr_pct in percent; volatility_20 as a fraction for one candle;
             volatility_rank_100 in (0, 1]

    donchian_high_20 and _low_20 are of the 20 candles before the last, so that the last can break them.
    Averages that never forget (ema, macd, rsi, atr, adx) depend on where the series starts; with 250
    candles that no longer shows.
    Source:  J. W. Wilder (1978) for rsi, atr, adx; TA-Lib computes all but the volatility.
    """
    if not candles:
        return {}
    prices = np.array([(c.high, c.low, c.close) for c in candles], dtype=np.float64)
    high, low, close = (np.ascontiguousarray(column) for column in prices.T)
    with np.errstate(all="ignore"):  # what overflows is not finite, and left out below
        values = _averages(close) | _oscillators(close) | _ranges(high, low, close) | _volatility(close)
        if close[-1] > 0:
            values["atr_pct"] = 100.0 * values["atr_14"] / close[-1]
    return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def _averages(close: FloatArray) -> dict[str, float]:
    upper, middle, lower = talib.BBANDS(close, timeperiod=20, nbdevup=2.0, nbdevdn=2.0)
    return {
        "sma_20": talib.SMA(close, timeperiod=20)[-1],
        "sma_50": talib.SMA(close, timeperiod=50)[-1],
        "sma_200": talib.SMA(close, timeperiod=200)[-1],
        "ema_12": talib.EMA(close, timeperiod=12)[-1],
        "ema_26": talib.EMA(close, timeperiod=26)[-1],
        "bb_upper_20": upper[-1],
        "bb_middle_20": middle[-1],
        "bb_lower_20": lower[-1],
    }


def _oscillators(close: FloatArray) -> dict[str, float]:
    line, signal, histogram = talib.MACD(close, fastperiod=12, slowperiod=26, signalperiod=9)
    values = {
        "macd": line[-1],
        "macd_signal": signal[-1],
        "macd_hist": histogram[-1],
        "roc_10": talib.ROC(close, timeperiod=10)[-1],
    }
    if np.any(close != close[0]):  # of a price that never moved TA-Lib says 0, which reads as oversold
        values["rsi_14"] = talib.RSI(close, timeperiod=14)[-1]
    return values


def _ranges(high: FloatArray, low: FloatArray, close: FloatArray) -> dict[str, float]:
    values = {
        "atr_14": talib.ATR(high, low, close, timeperiod=14)[-1],
        "adx_14": talib.ADX(high, low, close, timeperiod=14)[-1],
        "plus_di_14": talib.PLUS_DI(high, low, close, timeperiod=14)[-1],
        "minus_di_14": talib.MINUS_DI(high, low, close, timeperiod=14)[-1],
    }
    if len(close) > DONCHIAN_WINDOW:
        values["donchian_high_20"] = high[-1 - DONCHIAN_WINDOW : -1].max()
        values["donchian_low_20"] = low[-1 - DONCHIAN_WINDOW : -1].min()
    return values


def _volatility(close: FloatArray) -> dict[str, float]:
    """Return the sample standard deviation of the last 20 log returns, and its rank among the last 100.

    The rank is the share of the last 100 such deviations, the newest included, that are not above it.
    """
    recent = close[-(RANK_WINDOW + VOLATILITY_WINDOW) :]
    if len(recent) <= VOLATILITY_WINDOW or not np.all(recent > 0):
        return {}
    returns = np.diff(np.log(recent))
    windows = np.lib.stride_tricks.sliding_window_view(returns, VOLATILITY_WINDOW)
    deviations = windows.std(axis=1, ddof=1)
    values = {"volatility_20": deviations[-1]}
    if len(deviations) == RANK_WINDOW:
        values["volatility_rank_100"] = np.mean(deviations <= deviations[-1])
    return values
