"""A paper account to look at: pretend money, and positions entered at real prices some days ago."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django.db import transaction

from providers.errors import MarketUnavailable
from thalas import models
from thalas.errors import NotPossible
from thalas.selectors import histories, markets
from thalas.services import audits, judgements

EQUITY_USD = Decimal(10_000)
AMOUNT = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Plan:
    """A position to enter: so many days ago, for a share of the balance; a share below 0 is a short."""

    symbol: str
    days_ago: int
    share: Decimal


PLANS = (
    Plan("BTC/USD", 20, Decimal("0.10")),
    Plan("ETH/USD", 12, Decimal("0.06")),
    Plan("LTC/USD", 5, Decimal("-0.03")),
)


@transaction.atomic
def seed(name: str, *, by: str, now: datetime, is_reset: bool = False) -> list[models.Position]:
    """Give the account *name* paper positions, and make it if there is none; return its positions.

    An account that holds something is left alone, unless it *is_reset*.

    Raises:  MarketUnavailable; NotPossible for an account with positions that are no paper.
    """
    account, _ = models.Account.objects.get_or_create(name=name, defaults={"equity_usd": EQUITY_USD})
    held = models.Position.objects.select_for_update().filter(account=account).order_by("symbol")
    if held and not is_reset:
        return list(held)
    if any(not position.is_paper for position in held):
        raise NotPossible(f"the account {name} holds more than paper, and is not reset")
    held.delete()
    shown = markets.tape(now=now).at.market_at
    made = [_entered(account, plan, shown) for plan in PLANS]
    models.Position.objects.bulk_create(made)
    details = {position.symbol: str(position.amount) for position in made}
    audits.append(actor=by, action="account.seed", target=name, details=details, now=now)
    return made


def _entered(account: models.Account, plan: Plan, shown: datetime) -> models.Position:
    entered_by = shown - timedelta(days=plan.days_ago)
    past = histories.history(plan.symbol, histories.RISK_TIMEFRAME, at=entered_by)
    price = judgements.level(float(past.closes[-1])) if past else None
    if past is None or price is None:
        raise MarketUnavailable(f"the market has no price of {plan.symbol} {plan.days_ago} days ago")
    amount = (account.equity_usd * plan.share / price).quantize(AMOUNT, ROUND_DOWN)
    return models.Position(
        account=account,
        symbol=plan.symbol,
        market_type=judgements.MARKET_TYPE,
        amount=amount,
        entry_price=price,
        opened_at=past.closed_at,
    )
