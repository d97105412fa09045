"""An account's risk as people read it: what it holds, what that risks, and how much of each limit is used."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np
from django.db.models import Count, Sum

import risk
from risk.series import FloatArray
from thalas import models
from thalas.domain import desks as books
from thalas.domain import exposures
from thalas.domain.desks import Hold, Holding
from thalas.selectors import accounts, desks, histories, markets
from thalas.selectors.desks import Desk

MONTH_DAYS = 31


class Unit(StrEnum):
    """What a limit is counted in: shares of equity, whole numbers, or multiples."""

    SHARE = "share"
    COUNT = "count"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Use:
    """A limit, how much of it is used, and the check of the gate that holds it."""

    name: str
    check: str
    value: float
    limit: float
    unit: Unit = Unit.SHARE

    @property
    def is_within(self) -> bool:
        """Say whether it holds."""
        return self.value <= self.limit

    @property
    def room(self) -> float:
        """Return what is left of it, 0 or more."""
        return max(0.0, self.limit - self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What an account risks; *curve* is the equity at each daily close."""

    equity_usd: float
    metrics: dict[str, object]
    uses: tuple[Use, ...]
    curve: FloatArray

    @property
    def recent(self) -> FloatArray:
        """Return the curve from the last day on which the account held nothing, or the last month of it."""
        moved = np.flatnonzero(self.curve != self.curve[0])
        first = int(moved[0]) - 1 if len(moved) else len(self.curve)
        return self.curve[max(0, min(first, len(self.curve) - MONTH_DAYS)) :]

    @property
    def levels(self) -> dict[str, float]:
        """Return by name the highest equity so far, and what a loss of the value at risk would leave."""
        at_risk = self.metrics["var"]
        left = self.equity_usd - (at_risk if isinstance(at_risk, float) else 0.0)
        return {"peak": float(self.curve.max()), "after a loss of the value at risk": left}


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The risk of an account at one moment.

    faults   what of the account's own limits cannot be used
    regimes  by symbol
    reading  None where the risk cannot be worked out, and *gap* says why
    """

    account: models.Account
    market_at: datetime
    holdings: tuple[Holding, ...]
    reservations: tuple[models.Reservation, ...]
    limits: risk.Limits
    faults: tuple[str, ...]
    regimes: dict[str, str]
    reading: Reading | None
    gap: str


@dataclass(frozen=True, slots=True)
class Glance:
    """An account as the list shows it; nothing is priced."""

    account: models.Account
    positions: int
    held_free_usd: Decimal


def glances(*, now: datetime) -> list[Glance]:
    """Return every account at a glance, in the order of their names."""
    positions = dict(models.Position.objects.values_list("account_id").annotate(Count("pk")))
    held = models.Reservation.objects.filter(expires_at__gt=now)
    free = dict(held.values_list("account_id").annotate(Sum("size_usd")))
    return [
        Glance(account, positions.get(account.pk, 0), free.get(account.pk, Decimal(0)))
        for account in models.Account.objects.order_by("pk")
    ]


def report(name: str, *, now: datetime) -> Report:
    """Return the risk of the account *name* as the market stands at *now*.

    Raises:  BadInput for an unknown account; MarketUnavailable.
    """
    accounts.get(name)
    tape = markets.tape(now=now)
    desk = desks.look(name, now=now, tape=tape)
    histories.freshen(desk.symbols, at=tape.at.market_at)
    holdings = desk.holdings()
    gap = _gap(desk, holdings)
    return Report(
        account=desk.account,
        market_at=tape.at.market_at,
        holdings=tuple(holdings),
        reservations=_reservations(name, now),
        limits=desk.limits,
        faults=desk.faults,
        regimes={each.symbol: _regime(each.symbol, tape.at.market_at) for each in holdings},
        reading=None if gap else _reading(desk, holdings),
        gap=gap,
    )


def _gap(desk: Desk, holdings: Sequence[Holding]) -> str:
    """Return why the risk of what *desk* holds cannot be worked out; empty if it can."""
    unpriced = [holding.symbol for holding in holdings if holding.closes is None]
    if unpriced:
        return f"The market has no daily candles of {', '.join(unpriced)}, so nobody knows what it is worth."
    equity = float(books.equity_curve(float(desk.account.equity_usd), holdings)[-1])
    return "" if equity > 0.0 else f"The equity is {equity:,.2f} USD, and shares of that mean nothing."


def _reading(desk: Desk, holdings: Sequence[Holding]) -> Reading:
    portfolio, limits = desk.portfolio(), desk.limits
    held = [_held(each) for each in holdings] + [_held_free(hold) for hold in desk.holds if hold.is_open]
    origin = histories.ORIGIN if portfolio.returns is not None else "the positions share no days"
    series = exposures.Series(portfolio.returns, origin)
    wanted = exposures.Wanted(level=limits.tail_level)
    metrics = exposures.portfolio(held, portfolio.equity_usd, series, wanted)
    return Reading(
        equity_usd=portfolio.equity_usd,
        metrics=metrics,
        uses=_uses(metrics, held, portfolio, limits),
        curve=books.equity_curve(float(desk.account.equity_usd), holdings),
    )


def _uses(
    metrics: dict[str, object], held: Sequence[exposures.Held], portfolio: risk.Portfolio, limits: risk.Limits
) -> tuple[Use, ...]:
    equity, by_symbol = portfolio.equity_usd, defaultdict[str, float](float)
    for each in held:
        by_symbol[each.pair] += each.value_usd / equity

    def share(name: str) -> float:
        value = metrics[name]
        return float(value) / equity if isinstance(value, int | float) else float("nan")

    def fallen(before: float | None) -> float:
        return max(0.0, (before - equity) / before) if before else float("nan")

    return (
        Use(
            "largest position", "position_size", max(by_symbol.values(), default=0.0), limits.max_position_pct
        ),
        Use("positions", "position_count", len(by_symbol), limits.max_positions, Unit.COUNT),
        Use("crypto", "market_exposure", share("crypto_exposure"), limits.max_crypto_pct),
        Use("prediction markets", "market_exposure", share("polymarket_exposure"), limits.max_polymarket_pct),
        Use("equities", "market_exposure", share("equity_exposure"), limits.max_equity_pct),
        Use("exposure", "total_exposure", share("total_exposure"), limits.max_exposure_pct),
        Use("leverage", "leverage", share("leverage_ratio") * equity, limits.max_leverage, Unit.RATIO),
        Use(
            "concentration",
            "concentration",
            sum(size**2 for size in by_symbol.values()),
            limits.max_concentration,
            Unit.RATIO,
        ),
        Use("value at risk", "value_at_risk", share("var"), limits.max_var_pct),
        Use("expected shortfall", "expected_shortfall", share("cvar"), limits.max_es_pct),
        Use("loss of the day", "daily_loss", fallen(portfolio.day_equity_usd), limits.max_daily_loss_pct),
        Use("loss of the week", "weekly_loss", fallen(portfolio.week_equity_usd), limits.max_weekly_loss_pct),
        Use("drawdown", "drawdown", fallen(portfolio.peak_equity_usd), limits.max_drawdown_pct),
        Use(
            "orders within an hour",
            "order_rate",
            portfolio.recent_orders or 0,
            limits.max_orders_per_hour,
            Unit.COUNT,
        ),
    )


def _reservations(name: str, now: datetime) -> tuple[models.Reservation, ...]:
    found = models.Reservation.objects.filter(account_id=name, expires_at__gt=now)
    return tuple(found.order_by("expires_at", "symbol"))


def _regime(symbol: str, at: datetime) -> str:
    past = histories.history(symbol, histories.RISK_TIMEFRAME, at=at)
    return past.regime if past else risk.REGIMES[-1]


def _held(holding: Holding) -> exposures.Held:
    return exposures.Held(
        id=holding.symbol,
        pair=holding.symbol,
        market_type=holding.market_type,
        entry_price=holding.entry_price,
        current_price=holding.price,
        value_usd=abs(holding.value_usd),
        unrealized_pnl=holding.gain_usd,
        leverage=holding.leverage,
        is_short=holding.amount < 0.0,
        stop_loss=None,
        take_profit=None,
    )


def _held_free(hold: Hold) -> exposures.Held:
    return exposures.Held(
        id=f"held free for {hold.symbol}",
        pair=hold.symbol,
        market_type=hold.market_type,
        entry_price=1.0,
        current_price=1.0,
        value_usd=abs(hold.size_usd),
        unrealized_pnl=0.0,
        leverage=hold.leverage,
        is_short=hold.size_usd < 0.0,
        stop_loss=None,
        take_profit=None,
    )
