"""Checks of what the account would hold with the order. Those that can be met by a smaller order cut it.

Every order adds to what is held, one against an open position too: nothing yet proves that it would close it.
"""

from math import sqrt

from risk.checks.books import Book, History
from risk.checks.cases import Case, Finding, compared, cut, fitted, missing, unusable
from risk.limits import MARKET_TYPES
from risk.numbers import count, describe, finite, fraction, not_negative, usd

A_SHARE = "a number from 0 to 1"


def position_count(case: Case) -> Finding:
    """With this one, at most `max_positions` symbols are held."""
    book, symbol, most = case.book, case.proposal.symbol, count(case.limits.max_positions)
    if not isinstance(book, Book):
        return missing(book)
    if not isinstance(symbol, str) or not symbol:
        return unusable("symbol", symbol, "a name")
    if most is None:
        return unusable("limit on positions", case.limits.max_positions, "a whole number of 0 or more")
    held = len(book.by_symbol) + (symbol not in book.by_symbol)
    return compared(
        held <= most, float(held), float(most), f"{held} symbols would be held and {most} may be."
    )


def position_size(case: Case) -> Finding:
    """All of the symbol is at most `max_position_pct` of equity; the size is cut to that."""
    book, symbol = case.book, case.proposal.symbol
    asked, share = not_negative(case.proposal.size_usd), fraction(case.limits.max_position_pct)
    if asked is None:
        return unusable("size asked for", case.proposal.size_usd, "a finite number of dollars, 0 or more")
    if not isinstance(book, Book):
        return missing(book)
    if not isinstance(symbol, str) or not symbol:
        return unusable("symbol", symbol, "a name")
    if share is None:  # 15 meant as a percentage would allow fifteen times the account
        return unusable("largest share of equity", case.limits.max_position_pct, A_SHARE)
    return _added(f"position in {describe(symbol)}", book.by_symbol.get(symbol, 0.0), asked, share, book)


def market_exposure(case: Case) -> Finding:
    """All of the order's market type is at most its share of equity; the size is cut to that."""
    kind, limits = case.proposal.market_type, case.limits
    if kind not in MARKET_TYPES:
        return unusable("market type", kind, f"one of {', '.join(MARKET_TYPES)}")
    limit = {
        "crypto": limits.max_crypto_pct,
        "polymarket": limits.max_polymarket_pct,
        "equity": limits.max_equity_pct,
    }[kind]
    book, size, share = case.book, case.size_usd, fraction(limit)
    if not isinstance(book, Book):
        return missing(book)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if share is None:
        return unusable(f"limit on {kind}", limit, A_SHARE)
    return _added(f"exposure to {kind}", book.by_type[kind], size, share, book)


def total_exposure(case: Case) -> Finding:
    """All positions are at most `max_exposure_pct` of equity; the size is cut to that."""
    book, size, share = case.book, case.size_usd, not_negative(case.limits.max_exposure_pct)
    if not isinstance(book, Book):
        return missing(book)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if share is None:
        return unusable("limit on the exposure", case.limits.max_exposure_pct, "a number of 0 or more")
    return _added("exposure", book.exposure_usd, size, share, book)


def leverage(case: Case) -> Finding:
    """All positions times their leverage are at most `max_leverage` times equity; the size is cut to that."""
    book, size, most = case.book, case.size_usd, not_negative(case.limits.max_leverage)
    if not isinstance(book, Book):
        return missing(book)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if most is None:
        return unusable("limit on leverage", case.limits.max_leverage, "a number of 0 or more")
    value = _leverage(book, size)
    room = size
    if value > most:
        room = min(size, (most * book.equity_usd - book.leveraged_usd) / book.leverage)
        scale = book.leveraged_usd + book.equity_usd
        room = fitted(room, scale, lambda more: _leverage(book, more) <= most)
    message = f"The leverage would be {value:.4g} and may be {describe(most)}."
    return cut(size, room, value, most, message)


def concentration(case: Case) -> Finding:
    """The squared shares of equity sum to at most `max_concentration`; the size is cut to that."""
    book, size, most = case.book, case.size_usd, fraction(case.limits.max_concentration)
    if not isinstance(book, Book):
        return missing(book)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if most is None:
        return unusable("limit on concentration", case.limits.max_concentration, A_SHARE)
    own = book.by_symbol.get(case.proposal.symbol, 0.0) / book.equity_usd
    symbol = case.proposal.symbol
    others = sum([(held / book.equity_usd) ** 2 for name, held in book.by_symbol.items() if name != symbol])
    value = others + (own + size / book.equity_usd) ** 2
    room = size
    if value > most:
        room = min(size, (sqrt(max(0.0, most - others)) - own) * book.equity_usd)
        room = fitted(
            room, book.equity_usd, lambda more: others + (own + more / book.equity_usd) ** 2 <= most
        )
    message = f"The squared shares of equity would sum to {value:.4f} and may to {describe(most)}."
    return cut(size, room, value, most, message)


def correlation(case: Case) -> Finding:
    """What correlates by `max_correlation` is at most `max_correlated_pct` of equity; it is cut to that."""
    book, history, size = case.book, case.history, case.size_usd
    if not isinstance(book, Book):
        return missing(book)
    if not isinstance(history, History):
        return missing(history)
    least, share = finite(case.limits.max_correlation), fraction(case.limits.max_correlated_pct)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if least is None or not -1.0 <= least <= 1.0:
        return unusable("correlation that counts", case.limits.max_correlation, "a number from -1 to 1")
    if share is None:
        return unusable("limit on what is correlated", case.limits.max_correlated_pct, A_SHARE)
    together = history.correlations >= least
    held = float(abs(book.exposures_usd[together]).sum())
    return _added(f"exposure that moves with the symbol by {describe(least)}", held, size, share, book)


def _added(name: str, held: float, size: float, share: float, book: Book) -> Finding:
    """Return what becomes of a size that adds to what is *held*, all of which may be a *share* of equity."""
    limit, value = share * book.equity_usd, held + size
    room = (
        size if value <= limit else fitted(min(size, limit - held), held, lambda more: held + more <= limit)
    )
    message = f"The {name} would be {usd(value)} and may be {usd(limit)}, {describe(share)} of equity."
    return cut(size, room, value, limit, message)


def _leverage(book: Book, size: float) -> float:
    return (book.leveraged_usd + size * book.leverage) / book.equity_usd
