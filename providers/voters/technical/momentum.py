"""Go with the speed of the price: MACD, rate of change and RSI on one side.

BUY       MACD histogram > 0, 10-candle change > 0 and RSI above 50 but below 70; SELL is its mirror
HOLD      they disagree, or RSI is at 70 or 30 and beyond: what runs that fast has run already
Strength  BUY and SELL: the 10-candle change over what chance alone would give, ATR times the root of
          10, all in percent; 1 when equal. HOLD: 0 when they disagree, at an extreme 1 at RSI 85 or 15.
Source:   G. Appel (1979) for MACD; J. W. Wilder (1978) for RSI and its 30 and 70.
"""

import math

from providers.voters.technical.signals import hold, ratio, trade
from providers.voters.types import Abstention, Action, Opinion, SymbolBrief

NEEDS = ("macd_hist", "roc_10", "rsi_14", "atr_pct", "atr_14")

MIDDLE_RSI = 50.0
EXTREME_RSI = 20.0  # away from the middle: 30 and 70
UTTER_RSI = 35.0  # away from the middle: 15 and 85


def judge(market: SymbolBrief) -> Opinion | Abstention:
    """Return this rule's answer; *market* has all the indicators in `NEEDS`."""
    histogram, change_pct, rsi, atr_pct = (market.indicators[name] for name in NEEDS[:4])
    numbers = f"MACD histogram {histogram:+.4g}, {change_pct:+.1f} % in 10 candles, RSI {rsi:.0f}"
    beyond = abs(rsi - MIDDLE_RSI) - EXTREME_RSI
    if beyond >= 0:
        return hold(
            market, strength=beyond / (UTTER_RSI - EXTREME_RSI), reasoning=f"overstretched: {numbers}"
        )
    strength = ratio(abs(change_pct), atr_pct * math.sqrt(10.0))
    if histogram > 0 and change_pct > 0 and rsi > MIDDLE_RSI:
        return trade(market, Action.BUY, strength=strength, reasoning=f"momentum up: {numbers}")
    if histogram < 0 and change_pct < 0 and rsi < MIDDLE_RSI:
        return trade(market, Action.SELL, strength=strength, reasoning=f"momentum down: {numbers}")
    return hold(market, strength=0.0, reasoning=f"signals disagree: {numbers}")
