"""What the account holds and what its past says, read and validated once for all checks."""

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import TypeGuard

import numpy as np

from risk.limits import MARKET_TYPES, Limits
from risk.numbers import count, finite, positive
from risk.proposals import MarketState, Portfolio, Proposal
from risk.series import FloatArray

TINY = 1e-12  # of the squares' sum: a variance below this is what rounding leaves of none


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is not known, and what it should be."""

    name: str
    value: object
    needed: str


@dataclass(slots=True)
class Book:
    """What the account holds, in US dollars, and the order's own part in it.

    held_usd     without sign, by symbol, by market type, in all, and in all times leverage
    moved_usd    shape (positions,), with sign and times leverage: what a return is earned on
    """

    equity_usd: float
    leverage: float
    by_symbol: dict[str, float]
    by_type: dict[str, float]
    exposure_usd: float
    leveraged_usd: float
    exposures_usd: FloatArray
    moved_usd: FloatArray


@dataclass(slots=True)
class History:
    """What the past periods would have done.

    base, unit    shape (periods,): loss in dollars of what is held, and of one dollar more of the order
    worst_usd     the greatest of *base*
    correlations  shape (positions,): of each position with the order, in (-1, 1), direction included
    volatility    standard deviation of the symbol's returns
    """

    base: FloatArray
    unit: FloatArray
    worst_usd: float
    correlations: FloatArray
    volatility: float


def read_book(proposal: Proposal, portfolio: Portfolio) -> Book | Gap:
    """Return what *portfolio* holds, or what of it is not known."""
    equity, leverage = positive(portfolio.equity_usd), finite(proposal.leverage)
    if equity is None:
        return Gap("equity", portfolio.equity_usd, "a finite number of dollars above 0")
    if leverage is None or leverage < 1.0:
        return Gap("leverage of the order", proposal.leverage, "a number of 1 or more")
    symbols, types = portfolio.symbols, portfolio.market_types
    if not _are_names(symbols):
        return Gap("list of symbols held", symbols, "a tuple of names")
    if not _are_names(types) or len(types) != len(symbols):
        return Gap("list of market types held", types, "a tuple of names, one for each symbol held")
    exposures, leverages = portfolio.exposures_usd, portfolio.leverages
    if not _is_row(exposures, len(symbols)):
        return Gap("row of exposures", exposures, "one finite number for each symbol held")
    if not _is_row(leverages, len(symbols)) or (leverages < 1.0).any():
        return Gap("row of leverages", leverages, "one number of 1 or more for each symbol held")
    return _summed(equity, leverage, symbols, types, exposures, leverages)


def _summed(
    equity: float,
    leverage: float,
    symbols: tuple[str, ...],
    types: tuple[str, ...],
    exposures: FloatArray,
    leverages: FloatArray,
) -> Book | Gap:
    with np.errstate(over="ignore"):  # an infinite sum is refused next
        moved, sizes = exposures * leverages, np.abs(exposures)
        leveraged_usd, listed = float(np.abs(moved).sum()), sizes.tolist()
    if not isfinite(leveraged_usd):
        return Gap("sum of the exposures", leveraged_usd, "a finite number of dollars")
    by_symbol: dict[str, float] = {}
    by_type = dict.fromkeys(MARKET_TYPES, 0.0)
    if unknown := set(types) - by_type.keys():
        return Gap("market type held", min(unknown), f"one of {', '.join(MARKET_TYPES)}")
    for symbol, kind, size in zip(symbols, types, listed, strict=True):
        by_symbol[symbol] = by_symbol.get(symbol, 0.0) + size
        by_type[kind] += size
    return Book(equity, leverage, by_symbol, by_type, sum(listed), leveraged_usd, exposures, moved)


def read_history(
    proposal: Proposal, portfolio: Portfolio, market: MarketState, limits: Limits, book: Book
) -> History | Gap:
    """Return what the past says of *book* and the order, or what of it is not known."""
    held, own, least = portfolio.returns, market.returns, count(limits.min_periods)
    if least is None or least < 2:
        return Gap("least number of periods", limits.min_periods, "a whole number of 2 or more")
    if not _is_row(own, None) or len(own) < least:
        return Gap("history of the symbol", own, f"at least {least} finite returns")
    shape = (len(book.exposures_usd), len(own))
    if not isinstance(held, np.ndarray) or held.dtype != np.float64 or held.ndim != 2:
        return Gap("history of what is held", held, "a row of returns for each symbol held")
    if held.shape != shape and not held.shape[0] == shape[0] == 0:
        return Gap("history of what is held", held, f"of the shape {shape}, not {held.shape}")
    way = 1.0 if proposal.action == "BUY" else -1.0
    with np.errstate(all="ignore"):  # whatever leaves the floats on the way is refused at the end
        return _worked_out(book, held, own, way)


def _worked_out(book: Book, held: FloatArray, own: FloatArray, way: float) -> History | Gap:
    centred = own - np.add.reduce(own) / len(own)
    spread = float(centred @ centred)
    unit = (-way * book.leverage) * own
    if not len(held):
        base, correlations, sums = np.zeros(len(own)), np.empty(0), np.empty(0)
    else:
        base, sums = -(book.moved_usd @ held), held @ np.ones(len(own))  # twice as fast as its own sum
        directions = np.sign(book.exposures_usd) * way
        correlations = _correlations(held, sums, centred, spread, directions)
    if not isfinite(float(sums.sum()) + float(base.sum()) + float(unit.sum()) + spread):
        return Gap("history of returns", None, "finite numbers that can be computed with")
    return History(base, unit, float(base.max()), correlations, sqrt(spread / (len(own) - 1)))


def _correlations(
    held: FloatArray, sums: FloatArray, centred: FloatArray, spread: float, directions: FloatArray
) -> FloatArray:
    """Return how each row of *held* moves with the order; one that never moves counts as 1."""
    squares = np.vecdot(held, held)
    spreads = squares - sums * sums / held.shape[1]
    moves = (spreads > TINY * squares) & (spread > 0.0)
    return np.where(moves, (held @ centred) / np.sqrt(spreads * spread) * directions, 1.0)


def _are_names(value: object) -> TypeGuard[tuple[str, ...]]:
    return isinstance(value, tuple) and set(map(type, value)) <= {str}


def _is_row(value: object, length: int | None) -> TypeGuard[FloatArray]:
    """Say whether *value* is a row of finite floats, of that length if one is given."""
    if not isinstance(value, np.ndarray) or value.dtype != np.float64 or value.ndim != 1:
        return False
    return (length is None or len(value) == length) and bool(np.isfinite(value).all())
