"""What an account allows: the numbers the gate compares with, and which way each of them is tight."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from risk.numbers import count, describe, finite

MARKET_TYPES = ("crypto", "polymarket", "equity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One version of an account's limits; each check reads its own and refuses one that makes no sense.

    Names that end in _pct are fractions of equity unless it says otherwise: 0.15 is 15 %.

    max_position_pct  all of one symbol, in [0, 1]
    max_positions     symbols held, a whole number
    max_crypto_pct, max_polymarket_pct, max_equity_pct   all of one market type, in [0, 1]
    max_exposure_pct  all positions together before leverage, 0 or more
    max_leverage      all positions together times their leverage, 0 or more
    max_concentration  sum of the squared shares of equity, in [0, 1]
    max_correlated_pct  all that moves with the symbol, in [0, 1]; what correlates by at least
                      max_correlation, in [-1, 1], counts
    max_var_pct, max_es_pct   value at risk and expected shortfall of the book over one period, 0 or more
    tail_level        of both, in (0, 1)
    min_periods       shortest history of returns to work them out from, 2 or more
    max_daily_loss_pct, max_weekly_loss_pct, max_drawdown_pct   of the equity at the start of the day, of
                      the week, at its peak, in [0, 1]
    max_orders_per_hour   a whole number
    max_price_gap_pct  furthest the price may be from the market's, as a fraction of that
    max_volume_pct    largest share of what the market trades in a period, in [0, 1]
    max_slippage_pct  highest expected cost of entering, as a fraction of the size
    max_age_candles   oldest usable data, in candles since the last close, 0 or more
    min_confidence, min_agreement   least that an order needs, in [0, 1]
    min_order_usd     smallest order worth sending, after every cut, 0 or more
    degraded_factor   what is left of a size when the consensus is degraded, in [0, 1]
    version           which edition of the limits this is; kept beside every verdict
    """

    max_position_pct: float = 0.15
    max_positions: int = 10
    max_crypto_pct: float = 0.70
    max_polymarket_pct: float = 0.50
    max_equity_pct: float = 0.70
    max_exposure_pct: float = 1.0
    max_leverage: float = 1.0
    max_concentration: float = 0.25
    max_correlation: float = 0.8
    max_correlated_pct: float = 0.60
    max_var_pct: float = 0.20
    max_es_pct: float = 0.25
    tail_level: float = 0.95
    min_periods: int = 30
    max_daily_loss_pct: float = 0.05
    max_weekly_loss_pct: float = 0.10
    max_drawdown_pct: float = 0.20
    max_orders_per_hour: int = 60
    max_price_gap_pct: float = 0.05
    max_volume_pct: float = 0.01
    max_slippage_pct: float = 0.01
    max_age_candles: float = 2.0
    min_confidence: float = 0.0
    min_agreement: float = 0.0
    min_order_usd: float = 10.0
    degraded_factor: float = 0.5
    version: int = 1


# The greatest that makes sense of each; the least is 0 but for those below.
GREATEST = {
    "max_exposure_pct": 100.0,
    "max_leverage": 100.0,
    "max_var_pct": 100.0,
    "max_es_pct": 100.0,
    "max_age_candles": 1e6,
    "min_order_usd": 1e12,
}
LEAST = {"max_correlation": -1.0, "tail_level": 0.5}
COUNTS = {"max_positions": 0, "min_periods": 2, "max_orders_per_hour": 0, "version": 1}
MOST = 1_000_000
NAMES = tuple(field.name for field in fields(Limits))
# Which way is tight: a policy may only move a limit that way. The rest say how to measure.
LOWER_IS_TIGHTER = frozenset(name for name in NAMES if name.startswith("max_") or name == "degraded_factor")
HIGHER_IS_TIGHTER = frozenset({"min_confidence", "min_agreement", "min_order_usd"})


def tighter(limits: Limits, wanted: Mapping[str, float]) -> Limits:
    """Return *limits* with each limit *wanted* where that is tighter, and its own where that is looser.

    A limit of *limits* that is no number stays as it is, for the gate to refuse.
    """
    moved = {}
    for name, value in wanted.items():
        own = finite(getattr(limits, name))
        is_tighter = own is not None and (value < own if name in LOWER_IS_TIGHTER else value > own)
        if is_tighter:
            moved[name] = int(value) if name in COUNTS else value
    return replace(limits, **moved) if moved else limits  # type: ignore[arg-type]  # ints where they belong


def problems(values: Mapping[str, object]) -> dict[str, str]:
    """Return what is wrong with *values* as limits, by name; empty when all make sense."""
    found = {name: (_problem(name, value) if name in NAMES else _unknown()) for name, value in values.items()}
    return {name: problem for name, problem in found.items() if problem}


def _unknown() -> str:
    return f"there is no such limit; there are {', '.join(NAMES)}"


def _problem(name: str, value: object) -> str:
    if name in COUNTS:
        whole, least = count(value), COUNTS[name]
        is_good = whole is not None and least <= whole <= MOST
        return "" if is_good else f"{describe(value)} must be a whole number from {least} to {MOST}"
    number, low, high = finite(value), LEAST.get(name, 0.0), GREATEST.get(name, 1.0)
    is_good = number is not None and low <= number <= high and not (name == "tail_level" and number == 1.0)
    return "" if is_good else f"{describe(value)} must be a number from {low:g} to {high:g}"
