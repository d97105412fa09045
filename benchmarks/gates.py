"""(k) The gate: how long the whole of it takes on a book of many positions with years of returns.

No stage and no database: it is a pure function. `python -m benchmarks.gates` runs this part alone.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

import risk
from benchmarks import figures, reports

CALLS, WARM = 2_000, 200
POSITIONS, PERIODS = (5, 10, 25, 50, 100, 200), 250
BAR_US = 250.0
# A gross regression: the bar is for a quiet machine, this one for any.
GROSS_US = 4 * BAR_US


def desk(positions: int, periods: int) -> tuple[risk.Proposal, risk.Portfolio, risk.MarketState, risk.Limits]:
    """Return a BUY that every check passes, on a book of so many positions."""
    dice = np.random.default_rng(7)
    equity = 1_000_000.0
    proposal = risk.Proposal(
        symbol="NEW/USD",
        action="BUY",
        price=100.0,
        size_usd=10_000.0,
        confidence=0.8,
        agreement=0.8,
        votes_cast=5,
        quorum=3,
        panel=5,
        backers=4,
        is_degraded=False,
        stop=95.0,
        target=110.0,
    )
    together = dice.normal(0.0, 0.01, periods)
    portfolio = replace(
        risk.flat(equity),
        symbols=tuple(f"S{place}/USD" for place in range(positions)),
        market_types=tuple("crypto" if place % 3 else "equity" for place in range(positions)),
        exposures_usd=dice.uniform(0.2, 0.5, positions) * equity / positions,
        leverages=np.ones(positions),
        returns=dice.normal(0.0, 0.02, (positions, periods)) + together,
    )
    market = risk.MarketState(
        faults=(),
        age_candles=0.5,
        is_killed=False,
        returns=dice.normal(0.0, 0.02, periods) + 2.0 * together,
        reference_price=100.0,
        volume_usd=1e8,
        half_spread=0.0005,
        policy=risk.Policy("range_normal", 1.0),
    )
    return proposal, portfolio, market, risk.Limits(max_positions=1_000)


def measure(*, short: bool = False) -> reports.Report:
    """Time approvals, cuts and refusals at 50 positions, and approvals as the book grows."""
    proposal, portfolio, market, limits = desk(50, PERIODS)
    found = {check.code: check.value for check in risk.assess(proposal, portfolio, market, limits).checks}
    tails = [found[name] for name in ("value_at_risk", "expected_shortfall")]
    at_risk, shortfall = (value / portfolio.equity_usd for value in tails if isinstance(value, float))
    tight = replace(limits, max_var_pct=at_risk * 0.995, max_es_pct=shortfall * 0.995)
    kinds: dict[str, Callable[[], risk.Verdict]] = {
        "approved": lambda: risk.assess(proposal, portfolio, market, limits),
        "cut by the tails": lambda: risk.assess(proposal, portfolio, market, tight),
        "HOLD": lambda: risk.assess(replace(proposal, action="HOLD"), portfolio, market, limits),
    }
    calls = CALLS // 10 if short else CALLS
    taken = {name: figures.spread(times_us(kind, calls)) for name, kind in kinds.items()}
    rows = [
        [f"{name}: {kind().outcome.value}", *(f"{taken[name][share]:.0f}" for share in ("p50", "p95", "p99"))]
        for name, kind in kinds.items()
    ]
    sizes = POSITIONS[:3] if short else POSITIONS
    growth = {size: figures.percentile(times_us(_on(size), calls // 2), 0.5) for size in sizes}
    rows += [[f"{size} positions", f"{median:.0f}", "", ""] for size, median in growth.items()]
    slow = taken["approved"]["p50"] > GROSS_US
    return reports.Report(
        part="k",
        title=f"the gate: microseconds of CPU for 50 positions x {PERIODS} returns, and as positions grow",
        headings=["case", "p50", "p95", "p99"],
        rows=rows,
        figures={"us": taken, "p50_by_positions": growth},
        notes=[
            f"bar: an approval's p50 at most {BAR_US:.0f} us on a quiet machine",
            f"growth of the p50 with positions: exponent {figures.exponent(growth):.2f}",
        ],
        regressions=[f"an approval takes {taken['approved']['p50']:.0f} us"] if slow else [],
    )


def times_us(work: Callable[[], object], calls: int) -> list[float]:
    """Return the CPU time of each of so many calls, after some that do not count."""
    for _ in range(WARM):
        work()
    taken = []
    for _ in range(calls):
        began = time.thread_time_ns()
        work()
        taken.append((time.thread_time_ns() - began) / 1e3)
    return taken


def _on(positions: int) -> Callable[[], object]:
    parts = desk(positions, PERIODS)
    return lambda: risk.assess(*parts)


if __name__ == "__main__":
    sys.stdout.write(reports.told(measure(short="--short" in sys.argv), database="no database") + "\n")
