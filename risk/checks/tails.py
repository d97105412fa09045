"""Checks of the bad days: what the book with the order would have lost in the worst of past periods."""

from risk.checks.books import Book, History
from risk.checks.cases import Case, Finding, cut, missing, unusable
from risk.checks.rooms import losses_beyond, mean_of_worst, room_for_shortfall, room_for_value_at_risk
from risk.losses import tail_length
from risk.numbers import describe, finite, not_negative, usd


def value_at_risk(case: Case) -> Finding:
    """The value at risk is at most `max_var_pct` of equity, at `tail_level`; the size is cut to that."""
    return _tail(case, "value at risk", case.limits.max_var_pct, is_mean=False)


def expected_shortfall(case: Case) -> Finding:
    """The expected shortfall is at most `max_es_pct` of equity, at `tail_level`; the size is cut to that."""
    return _tail(case, "expected shortfall", case.limits.max_es_pct, is_mean=True)


def _tail(case: Case, name: str, share: object, *, is_mean: bool) -> Finding:
    book, history, size = case.book, case.history, case.size_usd
    if not isinstance(book, Book):
        return missing(book)
    if not isinstance(history, History):
        return missing(history)
    most, level = not_negative(share), finite(case.limits.tail_level)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if most is None:
        return unusable(f"limit of the {name}", share, "a number of 0 or more")
    if level is None or not 0.0 < level < 1.0:
        return unusable("level of the tail", case.limits.tail_level, "a number between 0 and 1")
    whole, rest = tail_length(len(history.base), level)
    if whole < 1:
        return unusable("tail", whole, f"one of {len(history.base)} periods at least, at {describe(level)}")
    limit = most * book.equity_usd
    value, room = (_shortfall if is_mean else _at_risk)(history, size, limit, whole, rest)
    past = f"{len(history.base)} periods"
    message = f"The {name} over {past} at {describe(level)} would be {usd(value)} and may be {usd(limit)}."
    if room <= 0.0:
        message = f"{message[:-1]}; the positions alone are beyond it or come to it."
    return cut(size, room, value, limit, message)


def _at_risk(history: History, size: float, limit: float, whole: int, _rest: float) -> tuple[float, float]:
    """Return the value at risk with the order at *size*, and how large the order may be."""
    value = losses_beyond(history.base + size * history.unit, whole)
    if value <= limit and history.worst_usd <= limit:
        return value, size  # no period is beyond the limit before the order, so none gets back within it
    return value, room_for_value_at_risk(history.base, history.unit, limit=limit, whole=whole)


def _shortfall(history: History, size: float, limit: float, whole: int, rest: float) -> tuple[float, float]:
    """Return the expected shortfall with the order at *size*, and how large the order may be."""
    value = mean_of_worst(history.base + size * history.unit, whole, rest)
    is_within = history.worst_usd <= limit or mean_of_worst(history.base, whole, rest) <= limit
    if value <= limit and is_within:
        return value, size  # convex: what holds at both ends holds between them
    return value, room_for_shortfall(history.base, history.unit, limit=limit, whole=whole, rest=rest)
