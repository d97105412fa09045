"""Go with a close outside the range of the 20 candles before it.

Abstains  a range without width
BUY       close above the highest high of the 20 candles before; SELL below their lowest low
HOLD      the close is inside that range
Strength  BUY and SELL: the distance beyond the range in ATR, 1 at one ATR. HOLD: 1 in the middle of the
          range, 0 at its edges.
Source:   R. Donchian's four-week rule (1960s), as the Turtles traded it.
"""

from providers.voters.technical.signals import hold, number, ratio, trade
from providers.voters.types import Abstention, Action, Opinion, SymbolBrief

NEEDS = ("donchian_high_20", "donchian_low_20", "atr_14")


def judge(market: SymbolBrief) -> Opinion | Abstention:
    """Return this rule's answer; *market* has all the indicators in `NEEDS`."""
    high, low, atr = (market.indicators[name] for name in NEEDS)
    if high <= low:
        return Abstention(
            symbol=market.symbol, reasoning=f"the range of 20 candles at {number(low)} has no width"
        )
    close = number(market.price)
    if market.price > high:
        reasoning = f"close {close} above the 20-candle high {number(high)}, ATR {number(atr)}"
        return trade(market, Action.BUY, strength=ratio(market.price - high, atr), reasoning=reasoning)
    if market.price < low:
        reasoning = f"close {close} below the 20-candle low {number(low)}, ATR {number(atr)}"
        return trade(market, Action.SELL, strength=ratio(low - market.price, atr), reasoning=reasoning)
    place = ratio(market.price - low, high - low)
    reasoning = f"close {close} inside the 20-candle range {number(low)} to {number(high)}"
    return hold(market, strength=1 - 2 * abs(place - 0.5), reasoning=reasoning)
