"""A BUY of 1,000 dollars that every check passes, and ways to change something about it."""

from dataclasses import replace
from typing import TypeVar

from risk import Check, Limits, MarketState, Portfolio, Proposal, Verdict, assess

NAN = float("nan")
INF = float("inf")

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
    is_degraded=False,
    stop=95.0,
    target=110.0,
)
PORTFOLIO = Portfolio(equity_usd=10_000.0)  # 0.15 of it is 1,500
MARKET = MarketState(faults=(), age_candles=0.5, is_killed=False)
LIMITS = Limits()

SELL: dict[str, object] = {"action": "SELL", "stop": 105.0, "target": 90.0}

Part = TypeVar("Part", Proposal, Portfolio, MarketState, Limits)


def changed(part: Part, changes: dict[str, object]) -> Part:
    """Return *part* with those of *changes* that are fields of it; types are not looked at, on purpose."""
    own = {name: value for name, value in changes.items() if hasattr(part, name)}
    return replace(part, **own)  # type: ignore[arg-type]  # wrong types are what these tests are about


def judge(**changes: object) -> Verdict:
    """Return the verdict on the good BUY with *changes* to fields of any of its four parts."""
    for name in changes:
        assert any(hasattr(part, name) for part in (PROPOSAL, PORTFOLIO, MARKET, LIMITS)), name
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
