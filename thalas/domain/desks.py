"""From positions, reservations and prices to the portfolio that the gate is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

import risk
from risk.series import FloatArray

WEEK = 7


@dataclass(frozen=True, slots=True)
class Holding:
    """One position.

    amount     units that move with the price, below 0 if it is short
    closes     shape (days,), of the days of all holdings, one without a close having the last before it;
               None where its prices are not known
    days_held  how many of these days it has been open at the close of
    age_candles  candles since the last of these closes
    """

    symbol: str
    market_type: str
    amount: float
    entry_price: float
    leverage: float
    closes: FloatArray | None
    days_held: int
    age_candles: float

    @property
    def price(self) -> float:
        """Return the last price; NaN where it is not known."""
        return float("nan") if self.closes is None else float(self.closes[-1])

    @property
    def value_usd(self) -> float:
        """Return what of the account's money is in it, below 0 if it is short."""
        return self.amount * self.price / self.leverage

    @property
    def gain_usd(self) -> float:
        """Return what it has gained since it was opened."""
        return self.amount * (self.price - self.entry_price)


@dataclass(frozen=True, slots=True)
class Hold:
    """Exposure that an approved decision holds free; *size_usd* is below 0 for a SELL."""

    symbol: str
    market_type: str
    size_usd: float
    leverage: float
    is_open: bool
    is_recent: bool


def portfolio(
    balance_usd: float, holdings: Sequence[Holding], holds: Sequence[Hold], returns: FloatArray | None
) -> risk.Portfolio:
    """Return the portfolio of an account with that balance.

    holds    those that are open count as held
    returns  shape (holdings and open holds, periods), in their order; None where not known
    """
    curve = equity_curve(balance_usd, holdings)
    equity, held = float(curve[-1]), [hold for hold in holds if hold.is_open]
    return risk.Portfolio(
        equity_usd=equity,
        symbols=(*(holding.symbol for holding in holdings), *(hold.symbol for hold in held)),
        market_types=(*(holding.market_type for holding in holdings), *(hold.market_type for hold in held)),
        exposures_usd=np.array([each.value_usd for each in holdings] + [hold.size_usd for hold in held]),
        leverages=np.array([each.leverage for each in holdings] + [hold.leverage for hold in held]),
        returns=returns,
        day_equity_usd=float(curve[-2]) if len(curve) > 1 else equity,
        week_equity_usd=float(curve[-1 - WEEK]) if len(curve) > WEEK else float(curve[0]),
        peak_equity_usd=float(curve.max()),
        age_candles=max((holding.age_candles for holding in holdings), default=0.0),
        open_orders=tuple(hold.symbol for hold in held),
        recent_orders=sum(hold.is_recent for hold in holds),
    )


def equity_curve(balance_usd: float, holdings: Sequence[Holding]) -> FloatArray:
    """Return the account's equity at each daily close, the last one last; before a position, its gain is 0.

    NaN throughout if the price of any position is not known.
    """
    days = max((len(holding.closes) for holding in holdings if holding.closes is not None), default=1)
    curve = np.full(days, balance_usd)
    for holding in holdings:
        if holding.closes is None or len(holding.closes) != days:
            return np.full(1, np.nan)
        gains = holding.amount * (holding.closes - holding.entry_price)
        gains[: max(0, days - holding.days_held)] = 0.0
        curve += gains
    return curve


def days_held(opened_at: datetime, days: FloatArray, *, at: datetime) -> int:
    """Return at how many of the closes *days* (seconds since the epoch) a position has been open.

    One that was opened later than now by the market's clock was opened before the tape started over.
    """
    if opened_at > at:
        return len(days)
    return int(np.count_nonzero(days >= opened_at.timestamp()))
