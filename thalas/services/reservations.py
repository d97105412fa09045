"""Hold exposure free for an approved decision until it expires; only under the account's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from thalas import models
from thalas.domain.desks import Hold
from thalas.selectors import desks
from thalas.selectors.desks import Desk
from thalas.services import inserts
from thalas.services.judgements import MARKET_TYPE, Judgement


@dataclass(frozen=True, slots=True)
class Order:
    """What a judgement on one leg of a run has approved."""

    run: models.Run
    symbol: str
    side: str
    judgement: Judgement


def hold(order: Order, desk: Desk, *, now: datetime) -> models.Reservation | None:
    """Count *order* as held at *desk* from here on, and return the row to store; None if there is no order.

    The desk's account must be locked by this transaction, or two could take the same room.
    """
    if not order.judgement.is_order or desk.tape is None:
        return None
    size_usd = order.judgement.size_usd
    sign = 1.0 if order.side == "BUY" else -1.0
    desk.holds.append(
        Hold(order.symbol, MARKET_TYPE, sign * float(size_usd), 1.0, is_open=True, is_recent=True)
    )
    return models.Reservation(
        account=desk.account,
        run=order.run,
        symbol=order.symbol,
        market_type=MARKET_TYPE,
        side=order.side,
        size_usd=size_usd,
        made_at=now,
        expires_at=desks.expiry(order.run.timeframe, desk.tape),
    )


def store(reservations: Sequence[models.Reservation]) -> None:
    """Store *reservations* beside the decisions that made them."""
    inserts.put(reservations)
