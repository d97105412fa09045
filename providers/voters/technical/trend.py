"""Follow the trend: price and moving averages in order, and a trend that deserves the name.

Abstains  ADX below 15: there is no trend to follow, and averages cross at random
BUY       close > SMA50 > SMA200, +DI > -DI and ADX at least 20; SELL is its mirror
HOLD      a trend too weak, or price and averages not in order
Strength  BUY and SELL: 0 at ADX 20, 1 at ADX 50. HOLD: 0, the trend may go either way.
Source:   J. W. Wilder (1978) for ADX and its limits; the 50/200 averages are the field's convention.
"""

from providers.voters.technical.signals import hold, number, trade
from providers.voters.types import Abstention, Action, Opinion, SymbolBrief

NEEDS = ("sma_50", "sma_200", "adx_14", "plus_di_14", "minus_di_14", "atr_14")

NO_TREND_ADX = 15.0
TREND_ADX = 20.0
STRONG_ADX = 50.0


def judge(market: SymbolBrief) -> Opinion | Abstention:
    """Return this rule's answer; *market* has all the indicators in `NEEDS`."""
    fast, slow, adx, plus_di, minus_di = (market.indicators[name] for name in NEEDS[:5])
    if adx < NO_TREND_ADX:
        return Abstention(symbol=market.symbol, reasoning=f"no trend to follow: ADX {adx:.0f}, below 15")
    numbers = (
        f"close {number(market.price)} {_side(market.price, fast)} SMA50 {number(fast)} "
        f"{_side(fast, slow)} SMA200 {number(slow)}, ADX {adx:.0f}, +DI {plus_di:.0f}, -DI {minus_di:.0f}"
    )
    strength = (adx - TREND_ADX) / (STRONG_ADX - TREND_ADX)
    if adx >= TREND_ADX and market.price > fast > slow and plus_di > minus_di:
        return trade(market, Action.BUY, strength=strength, reasoning=f"uptrend: {numbers}")
    if adx >= TREND_ADX and market.price < fast < slow and plus_di < minus_di:
        return trade(market, Action.SELL, strength=strength, reasoning=f"downtrend: {numbers}")
    return hold(market, strength=0.0, reasoning=f"no clear trend: {numbers}")


def _side(value: float, level: float) -> str:
    return "above" if value > level else "below" if value < level else "at"
