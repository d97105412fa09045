"""Bet on the way back: a close at the edge of its Bollinger band in a market without a strong trend.

Abstains  ADX at 30 or more, where prices walk along the band; or a band without width
BUY       close in the lowest tenth of the band or below it, and RSI below 40; SELL is its mirror
HOLD      the close is inside the band, or RSI does not confirm
Strength  BUY and SELL: how far the close is beyond that tenth, 1 at half a band's width. HOLD: 1 at the
          middle of the band, 0 at its edges.
Source:   J. Bollinger (2001) for %b; J. W. Wilder (1978) for RSI. RSI at 40 and 60 instead of 30 and 70,
          because the band already asks for an extreme, and both at once hardly ever happen.
"""

from providers.voters.technical.signals import hold, number, trade
from providers.voters.types import Abstention, Action, Opinion, SymbolBrief

NEEDS = ("bb_lower_20", "bb_upper_20", "rsi_14", "adx_14", "atr_14")

STRONG_TREND_ADX = 30.0
EDGE = 0.1
FAR = 0.5
LOW_RSI = 40.0
HIGH_RSI = 60.0


def judge(market: SymbolBrief) -> Opinion | Abstention:
    """Return this rule's answer; *market* has all the indicators in `NEEDS`."""
    lower, upper, rsi, adx = (market.indicators[name] for name in NEEDS[:4])
    if adx >= STRONG_TREND_ADX:
        return Abstention(symbol=market.symbol, reasoning=f"no way back in a strong trend: ADX {adx:.0f}")
    width = upper - lower
    if width <= 0:
        return Abstention(symbol=market.symbol, reasoning=f"the band at {number(lower)} has no width")
    place = (market.price - lower) / width
    numbers = (
        f"close {number(market.price)} in {number(lower)} to {number(upper)}, RSI {rsi:.0f}, ADX {adx:.0f}"
    )
    if place <= EDGE and rsi < LOW_RSI:
        reasoning = f"at the low edge of its band: {numbers}"
        return trade(market, Action.BUY, strength=(EDGE - place) / FAR, reasoning=reasoning)
    if place >= 1 - EDGE and rsi > HIGH_RSI:
        reasoning = f"at the high edge of its band: {numbers}"
        return trade(market, Action.SELL, strength=(place - (1 - EDGE)) / FAR, reasoning=reasoning)
    return hold(market, strength=1 - 2 * abs(place - 0.5), reasoning=f"not at an edge: {numbers}")
