"""Sound proposals on books that are not empty, each from a number: what happens near limits happens often."""

import numpy as np

from risk import Limits, MarketState, Policy, Portfolio, Proposal
from risk.regimes import REGIMES
from risk.series import FloatArray

SYMBOLS = ("BTC/USD", "ETH/USD", "LTC/USD", "YES", "NO", "SPY", "QQQ")
TYPES = ("crypto", "crypto", "crypto", "polymarket", "polymarket", "equity", "equity")
Desk = tuple[Proposal, Portfolio, MarketState, Limits]
PERIODS = (40, 60, 61)


def desk(seed: int) -> Desk:
    """Return the four arguments of the gate that *seed* stands for; the book holds 1 to 6 positions."""
    dice = np.random.default_rng(seed)
    periods = int(dice.choice(PERIODS))
    drivers = dice.normal(0.0, 0.02, (len(SYMBOLS), periods)) + dice.normal(0.0, 0.02, periods)
    mine = int(dice.integers(len(SYMBOLS)))
    equity = float(dice.choice([1_000.0, 10_000.0, 123_456.78]))
    proposal = _proposal(dice, mine, equity)
    return (
        proposal,
        _portfolio(dice, drivers, equity),
        _market(dice, drivers[mine], proposal.price),
        limits(dice),
    )


def limits(dice: np.random.Generator) -> Limits:
    """Return limits that are loose here and tight there."""

    def some(*values: float) -> float:
        return float(dice.choice(values)) * (1.0 if dice.random() < 0.5 else float(dice.uniform(0.8, 1.2)))

    return Limits(
        max_position_pct=min(1.0, some(0.15, 0.3, 0.6, 0.8)),
        max_positions=int(dice.choice([3, 6, 10, 10])),
        max_crypto_pct=min(1.0, some(0.3, 0.7, 0.8)),
        max_polymarket_pct=min(1.0, some(0.3, 0.5, 0.8)),
        max_equity_pct=min(1.0, some(0.3, 0.7, 0.8)),
        max_exposure_pct=some(0.5, 1.0, 2.0),
        max_leverage=some(0.7, 1.5, 3.0, 5.0),
        max_concentration=min(1.0, some(0.1, 0.25, 0.8)),
        max_correlation=float(dice.choice([0.3, 0.5, 0.8])),
        max_correlated_pct=min(1.0, some(0.3, 0.6, 0.8)),
        max_var_pct=some(0.01, 0.02, 0.05, 0.2),
        max_es_pct=some(0.012, 0.03, 0.06, 0.25),
        tail_level=float(dice.choice([0.9, 0.95, 0.95])),
        max_orders_per_hour=int(dice.choice([3, 60, 60, 60])),
        max_volume_pct=min(1.0, some(0.01, 0.1)),
        max_slippage_pct=min(1.0, some(0.002, 0.01, 0.05)),
        min_confidence=float(dice.choice([0.0, 0.3])),
        min_agreement=float(dice.choice([0.0, 0.3])),
        degraded_factor=float(dice.choice([0.5, 1.0, 0.25])),
    )


def tighter(one: Limits, other: Limits) -> Limits:
    """Return the tighter of the two in every limit; how to measure is taken from *one*."""
    low = [name for name in Limits.__slots__ if name.startswith("max_")] + ["degraded_factor"]
    high = ["min_confidence", "min_agreement", "min_order_usd"]
    return Limits(
        **{name: min(getattr(one, name), getattr(other, name)) for name in low},
        **{name: max(getattr(one, name), getattr(other, name)) for name in high},
        tail_level=one.tail_level,
    )


def _proposal(dice: np.random.Generator, mine: int, equity: float) -> Proposal:
    price = float(dice.choice([100.0, 0.5, 43_210.5]))
    sign = int(dice.choice([1, -1]))
    gap = float(dice.choice([0.05, 0.05, 0.05, 0.2, -0.01]))
    panel = int(dice.choice([3, 4, 4, 6]))
    return Proposal(
        symbol=SYMBOLS[mine],
        action="BUY" if sign > 0 else "SELL",
        price=price,
        size_usd=equity * float(dice.choice([0.0, 0.01, 0.1, 0.15, 0.5, 2.0, dice.uniform(0, 1)])),
        confidence=float(dice.choice([0.2, 0.5, 0.9, 0.9])),
        agreement=float(dice.choice([0.2, 0.6, 0.9, 0.9])),
        votes_cast=min(panel, int(dice.choice([1, 3, 4, 4]))),
        quorum=2,
        panel=panel,
        is_degraded=bool(dice.random() < 0.3),
        stop=price * (1 - sign * gap),
        target=None if dice.random() < 0.2 else price * (1 + sign * 0.1),
        market_type=TYPES[mine],
        leverage=float(dice.choice([1.0, 1.0, 2.0, 3.5])),
        backers=int(dice.choice([1, 2, 3, 4], p=[0.1, 0.3, 0.3, 0.3])),
    )


def _portfolio(dice: np.random.Generator, drivers: FloatArray, equity: float) -> Portfolio:
    count = int(dice.integers(1, 7))
    held = dice.choice(len(SYMBOLS), size=count, replace=bool(dice.random() < 0.3))
    exposures = equity * dice.uniform(0.01, 0.15, count) * dice.choice([1.0, 1.0, -1.0], count)
    return Portfolio(
        equity_usd=equity,
        symbols=tuple(SYMBOLS[place] for place in held),
        market_types=tuple(TYPES[place] for place in held),
        exposures_usd=exposures,
        leverages=dice.choice([1.0, 1.0, 2.0], count),
        returns=np.ascontiguousarray(drivers[held]),
        day_equity_usd=equity * float(dice.choice([0.99, 1.0, 1.02, 1.07], p=[0.4, 0.3, 0.28, 0.02])),
        week_equity_usd=equity * float(dice.choice([0.99, 1.0, 1.05, 1.2], p=[0.4, 0.3, 0.28, 0.02])),
        peak_equity_usd=equity * float(dice.choice([1.0, 1.1, 1.3], p=[0.5, 0.48, 0.02])),
        age_candles=float(dice.choice([0.0, 1.0, 2.0, 2.1], p=[0.5, 0.3, 0.18, 0.02])),
        open_orders=("LTC/USD",) if dice.random() < 0.2 else (),
        recent_orders=int(dice.choice([0, 2, 3])),
    )


def _market(dice: np.random.Generator, returns: FloatArray, price: float) -> MarketState:
    return MarketState(
        faults=() if dice.random() < 0.97 else ("a gap",),
        age_candles=float(dice.choice([0.0, 0.5, 2.0, 2.5], p=[0.4, 0.4, 0.18, 0.02])),
        is_killed=bool(dice.random() < 0.03),
        returns=returns.copy(),
        reference_price=price * float(dice.choice([1.0, 0.97, 1.04, 1.11], p=[0.5, 0.3, 0.18, 0.02])),
        volume_usd=float(dice.choice([1e4, 1e5, 1e6, 1e8])),
        half_spread=float(dice.choice([0.0, 0.0005, 0.001])),
        policy=Policy(str(dice.choice(REGIMES)), float(dice.choice([1.0, 1.0, 0.5]))),
    )
