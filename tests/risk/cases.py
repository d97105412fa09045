"""A BUY of 1,000 dollars that every check passes, on a book that is not empty, and ways to change it."""

from dataclasses import replace
from typing import TypeVar

import numpy as np

from risk import Check, Limits, MarketState, Policy, Portfolio, Proposal, Verdict, assess
from risk.series import FloatArray

NAN = float("nan")
INF = float("inf")
PERIODS = 64


def wave(*, step: int, depth: float) -> FloatArray:
    """Return returns that rise and fall by *depth* every so many periods: no chance, and round numbers."""
    return np.array([depth if period // step % 2 else -depth for period in range(PERIODS)])


# Waves of different lengths do not correlate at all.
BTC, ETH, YES, SPY = (wave(step=step, depth=1 / 64) for step in (1, 2, 4, 8))

PROPOSAL = Proposal(
    symbol="BTC/USD",
    action="BUY",
    price=100.0,
    size_usd=1000.0,
    confidence=0.75,
    agreement=0.8,
    votes_cast=3,
    quorum=2,
    panel=4,
    backers=2,
    is_degraded=False,
    stop=95.0,
    target=110.0,
)
# 10,000 dollars, of which 2,500 are at work: 1,000 in ETH, 500 short of YES, 1,000 in SPY.
PORTFOLIO = Portfolio(
    equity_usd=10_000.0,
    symbols=("ETH/USD", "YES", "SPY"),
    market_types=("crypto", "polymarket", "equity"),
    exposures_usd=np.array([1000.0, -500.0, 1000.0]),
    leverages=np.array([1.0, 1.0, 1.0]),
    returns=np.stack([ETH, YES, SPY]),
    day_equity_usd=10_000.0,
    week_equity_usd=10_000.0,
    peak_equity_usd=10_000.0,
    age_candles=0.5,
    open_orders=("ETH/USD",),
    recent_orders=1,
)
MARKET = MarketState(
    faults=(),
    age_candles=0.5,
    is_killed=False,
    returns=BTC,
    reference_price=100.0,
    volume_usd=1e6,
    half_spread=0.0005,
    policy=Policy("range_normal", 1.0),
)
LIMITS = Limits()

SELL: dict[str, object] = {"action": "SELL", "stop": 105.0, "target": 90.0}

Part = TypeVar("Part", Proposal, Portfolio, MarketState, Limits)
# Two parts have fields of these names; a change with the prefix is one of the portfolio's.
OF_THE_PORTFOLIO = "held_"


def changed(part: Part, changes: dict[str, object]) -> Part:
    """Return *part* with those of *changes* that are fields of it; types are not looked at, on purpose."""
    if isinstance(part, Portfolio):
        own = {
            name.removeprefix(OF_THE_PORTFOLIO): value
            for name, value in changes.items()
            if hasattr(part, name.removeprefix(OF_THE_PORTFOLIO)) and not hasattr(MARKET, name)
        }
    else:
        own = {name: value for name, value in changes.items() if hasattr(part, name)}
    return replace(part, **own)  # type: ignore[arg-type]  # wrong types are what these tests are about


def judge(**changes: object) -> Verdict:
    """Return the verdict on the good BUY with *changes* to fields of any of its four parts."""
    for name in changes:
        bare = name.removeprefix(OF_THE_PORTFOLIO)
        assert any(hasattr(part, bare) for part in (PROPOSAL, PORTFOLIO, MARKET, LIMITS)), name
    return assess(
        changed(PROPOSAL, changes),
        changed(PORTFOLIO, changes),
        changed(MARKET, changes),
        changed(LIMITS, changes),
    )


def finding(code: str, **changes: object) -> Check:
    """Return what one check finds on the good BUY with *changes*; it must find it, not break."""
    found = next(check for check in judge(**changes).checks if check.code == code)
    assert " broke with " not in found.message
    return found
