"""What the gate is shown: a consensus that may become an order, the account, and the market now."""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What the account holds, in US dollars."""

    equity_usd: float


@dataclass(frozen=True, slots=True)
class MarketState:
    """What is known of the world at the moment of judgement.

    faults       what is wrong with the data, one sentence each
    age_candles  candles since the last close: 0.5 is half a candle ago
    is_killed    the kill switch; None is one that could not be read, and counts as on
    """

    faults: tuple[str, ...]
    age_candles: float
    is_killed: bool | None = None  # a caller that forgets to read the switch must not trade
