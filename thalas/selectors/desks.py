"""The desk of an account: its money, limits, positions and what is held free, read under the account's lock.

Two statements for all accounts of a close: the first locks them, in the order of their names, so that no
two closers can wait for each other; the second begins after that and sees all that others have held free.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

import risk
from providers.markets import replay_clock, timeframes
from risk.limits import problems
from risk.series import FloatArray
from thalas import models
from thalas.domain import desks
from thalas.domain.desks import Hold, Holding
from thalas.selectors import clock, histories, markets, rows

DAY_S = timeframes.length(histories.RISK_TIMEFRAME).total_seconds()
HOUR = timedelta(hours=1)
BOOK = """
    SELECT account_id, 1, symbol, market_type, amount, entry_price, leverage, opened_at, NULL
    FROM thalas_position WHERE account_id IN {accounts}
    UNION ALL
    SELECT account_id, 0, symbol, market_type,
           CASE side WHEN 'BUY' THEN size_usd ELSE -size_usd END, 0, leverage, made_at, expires_at
    FROM thalas_reservation
    WHERE account_id IN {accounts} AND (expires_at > %(now)s OR made_at > %(hour_ago)s)
"""


@dataclass(slots=True)
class Desk:
    """What one account has and may; reservations made while its lock is held are added to *holds*."""

    account: models.Account
    tape: markets.TapePosition | None
    positions: list[tuple[Any, ...]] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)

    @property
    def faults(self) -> tuple[str, ...]:
        """Return why the account cannot be judged by its own limits, one sentence each."""
        kept = self.account.limits
        wrong = problems(kept) if isinstance(kept, dict) else {"limits": "must be limits by name"}
        return tuple(f"The account's limit {name} cannot be used: {why}." for name, why in wrong.items())

    @property
    def limits(self) -> risk.Limits:
        """Return the account's limits; nothing is allowed in a market type that it may not hold."""
        account, own = self.account, {} if self.faults else dict(self.account.limits)
        types = account.market_types if isinstance(account.market_types, list) else []
        closed = {f"max_{kind}_pct": 0.0 for kind in risk.MARKET_TYPES if kind not in types}
        values: dict[str, Any] = {
            "max_position_pct": float(account.max_position_pct) / 100.0,
            "min_confidence": account.min_confidence,
            "min_agreement": account.min_agreement,
            **own,
            **closed,
            "version": account.limits_version,
        }
        return risk.Limits(**values)

    @property
    def symbols(self) -> list[str]:
        """Return what it holds, and then what is held free."""
        return [position[0] for position in self.positions] + [
            hold.symbol for hold in self.holds if hold.is_open
        ]

    def holdings(self) -> list[Holding]:
        """Return the positions at the market's prices now."""
        known = [self._history(position[0]) for position in self.positions]
        days = histories.days([history for history in known if history is not None])
        pairs = zip(self.positions, known, strict=True)
        return [_holding(position, history, days, self.tape) for position, history in pairs]

    def portfolio(self) -> risk.Portfolio:
        """Return what the gate is shown."""
        holdings = self.holdings()
        symbols = [each.symbol for each in holdings] + [hold.symbol for hold in self.holds if hold.is_open]
        balance = float(self.account.equity_usd)
        return desks.portfolio(balance, holdings, self.holds, self._returns(symbols))

    def scene(self, symbol: str) -> tuple[risk.Portfolio, FloatArray | None]:
        """Return the portfolio and the returns of *symbol*, over the same periods."""
        holdings = self.holdings()
        symbols = [each.symbol for each in holdings] + [hold.symbol for hold in self.holds if hold.is_open]
        moves, balance = self._returns([*symbols, symbol]), float(self.account.equity_usd)
        if moves is None:
            return desks.portfolio(balance, holdings, self.holds, None), None
        return desks.portfolio(balance, holdings, self.holds, moves[:-1]), moves[-1]

    def _returns(self, symbols: list[str]) -> FloatArray | None:
        known = [self._history(symbol) for symbol in symbols]
        found = [history for history in known if history is not None]
        return histories.returns(found) if len(found) == len(known) else None

    def _history(self, symbol: str) -> histories.History | None:
        return _history(symbol, self.tape)


def read(
    names: Collection[str], *, is_locking: bool, now: datetime, tape: markets.TapePosition | None
) -> dict[str, Desk]:
    """Return the desks of the accounts *names*; with *is_locking*, locked and with all that they hold."""
    if not names:
        return {}
    places, listed = rows.listed(sorted(names))
    lock = " FOR NO KEY UPDATE" if is_locking and connection.features.has_select_for_no_key_update else ""
    found = rows.find(models.Account, f"name IN {places} ORDER BY name{lock}", **listed)
    made = {account.pk: Desk(account, tape) for account in found}
    if is_locking:
        _fill(made, now, tape)
    return made


def look(name: str, *, now: datetime, tape: markets.TapePosition | None) -> Desk:
    """Return the desk of the account *name*, which must exist, for people to look at; nothing is locked."""
    made = read([name], is_locking=False, now=now, tape=tape)
    _fill(made, now, tape)
    return made[name]


def expiry(timeframe: str, tape: markets.TapePosition) -> datetime:
    """Return when the next candle of *timeframe* closes, by the wall clock."""
    shown, its = tape.at, tape.clock
    closes_at = timeframes.last_close(timeframe, shown.market_at) + timeframes.length(timeframe)
    if closes_at < its.ends_at:
        return replay_clock.wall_time(its, closes_at, shown.lap)
    return replay_clock.wall_time(its, its.starts_at, shown.lap + 1)


def _fill(made: dict[str, Desk], now: datetime, tape: markets.TapePosition | None) -> None:
    places, listed = rows.listed(sorted(made))
    # An hour of the market: where a day of the replay passes in a minute, three daily orders are no rush.
    hour_ago = now - (HOUR if tape is None else HOUR / max(1.0, tape.clock.speed))
    with connection.cursor() as cursor:
        values = rows.adapted({**listed, "now": now, "hour_ago": hour_ago})
        cursor.execute(BOOK.format(accounts=places), values)
        for account, is_position, *row in cursor.fetchall():
            if is_position:
                made[account].positions.append(tuple(row))
            else:
                made[account].holds.append(_hold(row, now, hour_ago))


def _hold(row: list[Any], now: datetime, hour_ago: datetime) -> Hold:
    symbol, market_type, size_usd, _, leverage, made_at, expires_at = row
    return Hold(
        symbol,
        market_type,
        float(size_usd),
        float(leverage),
        is_open=clock.aware(expires_at) > now,
        is_recent=clock.aware(made_at) > hour_ago,
    )


def _holding(
    row: tuple[Any, ...],
    history: histories.History | None,
    days: FloatArray,
    tape: markets.TapePosition | None,
) -> Holding:
    symbol, market_type, amount, entry_price, leverage, opened_at, _ = row
    closes, held, age_candles = None, 0, float("nan")
    if history is not None and tape is not None:
        closes = history.at(days)
        held = desks.days_held(clock.aware(opened_at), days + DAY_S, at=tape.at.market_at)
        age_candles = (tape.at.market_at - history.closed_at).total_seconds() / DAY_S
    return Holding(
        symbol=symbol,
        market_type=market_type,
        amount=float(amount),
        entry_price=float(entry_price),
        leverage=float(leverage),
        closes=closes,
        days_held=held,
        age_candles=age_candles,
    )


def _history(symbol: str, tape: markets.TapePosition | None) -> histories.History | None:
    if tape is None:
        return None
    return histories.history(symbol, histories.RISK_TIMEFRAME, at=tape.at.market_at)
