"""Checks that stop an account for a while: what it has lost, and what it has just ordered."""

from risk.checks.cases import Case, Finding, compared, unusable
from risk.numbers import count, describe, finite, fraction, not_negative, positive, printable, usd


def portfolio_age(case: Case) -> Finding:
    """The oldest price in the portfolio is at most `max_age_candles` old, and not from the future."""
    age, oldest = finite(case.portfolio.age_candles), not_negative(case.limits.max_age_candles)
    if age is None:
        return unusable("age of the portfolio", case.portfolio.age_candles, "a finite number of candles")
    if oldest is None:
        return unusable("limit on the data's age", case.limits.max_age_candles, "a number of 0 or more")
    message = f"The portfolio's oldest price is {describe(age)} candles old and may be {describe(oldest)}."
    return compared(0.0 <= age <= oldest, age, oldest, message)


def daily_loss(case: Case) -> Finding:
    """The equity is at most `max_daily_loss_pct` below what it was when the day began."""
    return _fall(case, "day", case.portfolio.day_equity_usd, case.limits.max_daily_loss_pct)


def weekly_loss(case: Case) -> Finding:
    """The equity is at most `max_weekly_loss_pct` below what it was when the week began."""
    return _fall(case, "week", case.portfolio.week_equity_usd, case.limits.max_weekly_loss_pct)


def drawdown(case: Case) -> Finding:
    """The equity is at most `max_drawdown_pct` below its peak."""
    return _fall(case, "peak", case.portfolio.peak_equity_usd, case.limits.max_drawdown_pct)


def open_orders(case: Case) -> Finding:
    """No order on the symbol is open, on either side: it would be doubled, or crossed."""
    symbol, orders = case.proposal.symbol, case.portfolio.open_orders
    if not isinstance(orders, tuple) or not all(isinstance(order, str) for order in orders):
        return unusable("list of open orders", orders, "a tuple of symbols", limit=0.0)
    if not isinstance(symbol, str) or not symbol:
        return unusable("symbol", symbol, "a name", limit=0.0)
    found, name = orders.count(symbol), printable(symbol)
    message = f"{name} has no open order and may have none."
    if found:
        has = "an open order" if found == 1 else f"{found} open orders"
        message = f"{name} has {has} and may have none; what is approved is open until its candle closes."
    return compared(not found, float(found), 0.0, message)


def order_rate(case: Case) -> Finding:
    """With this one, at most `max_orders_per_hour` orders were made in an hour."""
    made, most = count(case.portfolio.recent_orders), count(case.limits.max_orders_per_hour)
    if made is None:
        return unusable(
            "number of recent orders", case.portfolio.recent_orders, "a whole number of 0 or more"
        )
    if most is None:
        return unusable("limit on orders", case.limits.max_orders_per_hour, "a whole number of 0 or more")
    message = f"This would be order {made + 1} within an hour and {most} are allowed."
    return compared(made + 1 <= most, float(made + 1), float(most), message)


def _fall(case: Case, since: str, before: object, limit: object) -> Finding:
    equity, start, most = positive(case.portfolio.equity_usd), positive(before), fraction(limit)
    if equity is None:
        return unusable("equity", case.portfolio.equity_usd, "a finite number of dollars above 0")
    if start is None:
        return unusable(f"equity of the {since}", before, "a finite number of dollars above 0")
    if most is None:
        return unusable(f"limit on the loss since the {since}", limit, "a number from 0 to 1")
    fallen = max(0.0, (start - equity) / start)
    message = (
        f"The equity is {usd(equity)}, {fallen:.2%} below the {since}'s {usd(start)}; {most:.2%} may be."
    )
    return compared(fallen <= most, fallen, most, message)
