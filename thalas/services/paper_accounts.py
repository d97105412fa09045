"""A paper account to look at: pretend money, and positions entered at real prices some days ago."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal

from django.db import transaction

from providers.errors import MarketUnavailable
from thalas import models
from thalas.errors import BadInput, NotPossible
from thalas.selectors import histories, markets
from thalas.services import audits, judgements

EQUITY_USD = Decimal(10_000)
AMOUNT = Decimal("0.000000000001")
SEED = "account.seed"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


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


def seed(name: str, *, by: str, now: datetime, is_reset: bool = False) -> list[models.Position]:
    """Give the account *name* paper positions, and make it if there is none; return its positions.

    An account that holds something is left alone, unless it *is_reset*.

    Raises:  MarketUnavailable; BadInput for a name that no account can have; NotPossible for an account with
             positions that are no paper.
    """
    if not NAME.fullmatch(name):
        raise BadInput("account", name, "give up to 40 letters, digits, dots, dashes and underscores")
    shown = markets.tape(now=now).at.market_at
    histories.fetch((plan.symbol for plan in PLANS), at=shown)
    return _seed(name, shown, by=by, now=now, is_reset=is_reset)


@transaction.atomic
def _seed(name: str, shown: datetime, *, by: str, now: datetime, is_reset: bool) -> list[models.Position]:
    account, _ = models.Account.objects.get_or_create(name=name, defaults={"equity_usd": EQUITY_USD})
    held = models.Position.objects.select_for_update().filter(account=account).order_by("symbol")
    if held and not is_reset:
        return list(held)
    if any(not position.is_paper for position in held):
        raise NotPossible(f"the account {name} holds more than paper, and is not reset")
    held.delete()
    made = [_entered(account, plan, shown) for plan in PLANS]
    models.Position.objects.bulk_create(made)
    details = {position.symbol: str(position.amount) for position in made}
    audits.append(actor=by, action=SEED, target=name, details=details, now=now)
    return made


def seed_once(name: str, *, by: str, now: datetime) -> list[models.Position]:
    """Give the account *name* paper positions if it never was given any; return those it got now.

    An exchange's market is left alone: its symbols are not ours to choose.

    Raises:  as of `seed`.
    """
    if markets.is_live() or models.AuditEntry.objects.filter(action=SEED, target=name).exists():
        return []
    if models.Position.objects.filter(account_id=name).exists():
        return []
    return seed(name, by=by, now=now)


def _entered(account: models.Account, plan: Plan, shown: datetime) -> models.Position:
    past = histories.history(plan.symbol, histories.RISK_TIMEFRAME, at=shown)
    if past is None or len(past.closes) <= plan.days_ago:
        raise MarketUnavailable(f"the market has no price of {plan.symbol} {plan.days_ago} days ago")
    price = judgements.level(float(past.closes[-1 - plan.days_ago]))
    if not price:
        raise MarketUnavailable(f"the market's price of {plan.symbol} {plan.days_ago} days ago is none")
    amount = (account.equity_usd * plan.share / price).quantize(AMOUNT, ROUND_DOWN)
    return models.Position(
        account=account,
        symbol=plan.symbol,
        market_type=judgements.MARKET_TYPE,
        amount=amount,
        entry_price=price,
        opened_at=past.closed_at - timedelta(days=plan.days_ago),
    )
