"""What the gate is shown: a consensus that may become an order, the account, and the market now.

A number that is None is not known, and what needs it refuses: a caller that forgets one must not trade.
"""

from dataclasses import dataclass

import numpy as np

from risk.regimes import Policy
from risk.series import FloatArray

ORDERS = ("BUY", "SELL")
ACTIONS = (*ORDERS, "HOLD", "NO_DECISION")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One consensus on one symbol.

    action       BUY, SELL, HOLD or NO_DECISION
    price, stop, target   quote currency per base unit; None where the council named none
    size_usd     the size asked for, 0 or more; the action says which way
    confidence, agreement   of the consensus, in [0, 1]
    votes_cast, quorum, panel   counts: abstentions are in the panel and not among the cast
    backers      cast votes for the action
    market_type  crypto, polymarket or equity
    leverage     1 or more; the order moves its size times this
    """

    symbol: str
    action: str
    price: float
    size_usd: float
    confidence: float
    agreement: float
    votes_cast: int
    quorum: int
    panel: int
    is_degraded: bool
    stop: float | None = None
    target: float | None = None
    market_type: str = "crypto"
    leverage: float = 1.0
    backers: int | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Portfolio:
    """What the account holds, in US dollars: positions, and approved orders that are still open.

    symbols, market_types   of each of them
    exposures_usd  shape (positions,), value before leverage: above 0 is long, below 0 is short
    leverages      shape (positions,), 1 or more
    returns        shape (positions, periods), simple returns as fractions, the last period last
    day_equity_usd, week_equity_usd   equity when the day and the week began
    peak_equity_usd   the highest it has been
    age_candles    candles since the oldest price in it
    open_orders    the symbols of orders that are still open
    recent_orders  orders of the last hour
    """

    equity_usd: float
    symbols: tuple[str, ...] | None = None
    market_types: tuple[str, ...] | None = None
    exposures_usd: FloatArray | None = None
    leverages: FloatArray | None = None
    returns: FloatArray | None = None
    day_equity_usd: float | None = None
    week_equity_usd: float | None = None
    peak_equity_usd: float | None = None
    age_candles: float | None = None
    open_orders: tuple[str, ...] | None = None
    recent_orders: int | None = None


def flat(equity_usd: float, *, periods: int = 0) -> Portfolio:
    """Return the portfolio of an account that holds nothing, has lost nothing and has ordered nothing."""
    return Portfolio(
        equity_usd=equity_usd,
        symbols=(),
        market_types=(),
        exposures_usd=np.empty(0),
        leverages=np.empty(0),
        returns=np.empty((0, periods)),
        day_equity_usd=equity_usd,
        week_equity_usd=equity_usd,
        peak_equity_usd=equity_usd,
        age_candles=0.0,
        open_orders=(),
        recent_orders=0,
    )


@dataclass(frozen=True, slots=True, eq=False)
class MarketState:
    """What is known of the world at the moment of judgement.

    faults       what is wrong with the data, one sentence each
    age_candles  candles since the last close: 0.5 is half a candle ago
    is_killed    the kill switch; None is one that could not be read, and counts as on
    returns      shape (periods,), of the proposal's symbol over the periods of the portfolio's returns
    reference_price   where the market is now
    volume_usd   traded in a period
    half_spread  half of what lies between bid and ask, as a fraction of the price
    policy       what the regime asks for
    """

    faults: tuple[str, ...]
    age_candles: float
    is_killed: bool | None = None  # a caller that forgets to read the switch must not trade
    returns: FloatArray | None = None
    reference_price: float | None = None
    volume_usd: float | None = None
    half_spread: float | None = None
    policy: Policy | None = None
