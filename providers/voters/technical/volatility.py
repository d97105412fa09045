"""Take risk when markets are calm and give it back when they storm.

Abstains  volatility in the middle of its range: the rule is about the extremes
BUY       volatility rank at 0.3 or below, and close above SMA50
SELL      volatility rank at 0.8 or above, and close below SMA20: falling in a storm
HOLD      calm but not rising, or stormy but not falling: no side to take
Strength  BUY: 1 at rank 0, 0 at rank 0.3. SELL and a stormy HOLD: 1 at rank 1, 0 at 0.8. A calm HOLD: 0.
Source:   A. Moreira and T. Muir (2017), Volatility-Managed Portfolios, J. Finance 72(4), for the idea;
          the limits and the averages are this rule's own.
"""

from providers.voters.technical.signals import CALM_RANK, STORMY_RANK, hold, number, trade
from providers.voters.types import Abstention, Action, Opinion, SymbolBrief

NEEDS = ("volatility_rank_100", "volatility_20", "sma_20", "sma_50", "atr_14")


def judge(market: SymbolBrief) -> Opinion | Abstention:
    """Return this rule's answer; *market* has all the indicators in `NEEDS`."""
    rank, volatility, fast, slow = (market.indicators[name] for name in NEEDS[:4])
    numbers = f"volatility {100 * volatility:.2f} % a candle, rank {rank:.2f}, close {number(market.price)}"
    if rank <= CALM_RANK:
        with_average = f"{numbers}, SMA50 {number(slow)}"
        if market.price > slow:
            strength = (CALM_RANK - rank) / CALM_RANK
            return trade(market, Action.BUY, strength=strength, reasoning=f"calm and rising: {with_average}")
        return hold(market, strength=0.0, reasoning=f"calm but not rising: {with_average}")
    if rank >= STORMY_RANK:
        with_average = f"{numbers}, SMA20 {number(fast)}"
        strength = (rank - STORMY_RANK) / (1 - STORMY_RANK)
        if market.price < fast:
            return trade(
                market, Action.SELL, strength=strength, reasoning=f"stormy and falling: {with_average}"
            )
        return hold(market, strength=strength, reasoning=f"stormy but not falling: {with_average}")
    return Abstention(symbol=market.symbol, reasoning=f"neither calm nor stormy: {numbers}")
