"""An account's risk as people read it: what it holds, what that risks, and how much of each limit is used."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

import risk
from risk.series import FloatArray
from thalas import models
from thalas.domain import desks as books
from thalas.domain import exposures
from thalas.domain.desks import Hold, Holding
from thalas.selectors import accounts, desks, histories, markets


@dataclass(frozen=True, slots=True)
class Use:
    """A limit, and how much of it is used."""

    name: str
    value: float
    limit: float

    @property
    def is_within(self) -> bool:
        """Say whether it holds."""
        return self.value <= self.limit


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The risk of an account at one moment; *regimes* by symbol, *curve* the equity at each daily close."""

    account: models.Account
    market_at: datetime
    equity_usd: float
    holdings: tuple[Holding, ...]
    holds: tuple[Hold, ...]
    metrics: dict[str, object]
    uses: tuple[Use, ...]
    regimes: dict[str, str]
    curve: FloatArray


def report(name: str, *, now: datetime) -> Report:
    """Return the risk of the account *name* as the market stands at *now*.

    Raises:  BadInput for an unknown account; MarketUnavailable.
    """
    accounts.get(name)
    tape = markets.tape(now=now)
    desk = desks.look(name, now=now, tape=tape)
    holdings, portfolio, limits = desk.holdings(), desk.portfolio(), desk.limits
    held = [_held(holding) for holding in holdings] + [
        _held_free(hold) for hold in desk.holds if hold.is_open
    ]
    series = None
    if portfolio.returns is not None and len(held):
        series = exposures.Series(portfolio.returns, "stored daily candles")
    metrics = exposures.portfolio(held, portfolio.equity_usd, series, exposures.Wanted())
    days = [
        histories.history(each.symbol, histories.RISK_TIMEFRAME, at=tape.at.market_at) for each in holdings
    ]
    return Report(
        account=desk.account,
        market_at=tape.at.market_at,
        equity_usd=portfolio.equity_usd,
        holdings=tuple(holdings),
        holds=tuple(desk.holds),
        metrics=metrics,
        uses=_uses(metrics, portfolio, limits),
        regimes={
            each.symbol: day.regime if day else risk.REGIMES[-1]
            for each, day in zip(holdings, days, strict=True)
        },
        curve=books.equity_curve(float(desk.account.equity_usd), holdings),
    )


def _uses(metrics: dict[str, object], portfolio: risk.Portfolio, limits: risk.Limits) -> tuple[Use, ...]:
    equity = portfolio.equity_usd

    def share(name: str) -> float:
        value = metrics[name]
        return float(value) / equity if isinstance(value, int | float) else float("nan")

    def fallen(before: float | None) -> float:
        return max(0.0, (before - equity) / before) if before else float("nan")

    sizes = np.abs(portfolio.exposures_usd) if portfolio.exposures_usd is not None else np.empty(0)
    return (
        Use("largest position", float(sizes.max(initial=0.0)) / equity, limits.max_position_pct),
        Use("positions", float(len(sizes)), float(limits.max_positions)),
        Use("crypto", share("crypto_exposure"), limits.max_crypto_pct),
        Use("prediction markets", share("polymarket_exposure"), limits.max_polymarket_pct),
        Use("equities", share("equity_exposure"), limits.max_equity_pct),
        Use("exposure", share("total_exposure"), limits.max_exposure_pct),
        Use("leverage", share("leverage_ratio") * equity, limits.max_leverage),
        Use("value at risk", share("var_95"), limits.max_var_pct),
        Use("expected shortfall", share("cvar_95"), limits.max_es_pct),
        Use("loss of the day", fallen(portfolio.day_equity_usd), limits.max_daily_loss_pct),
        Use("loss of the week", fallen(portfolio.week_equity_usd), limits.max_weekly_loss_pct),
        Use("drawdown", fallen(portfolio.peak_equity_usd), limits.max_drawdown_pct),
    )


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
