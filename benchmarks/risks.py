"""(r) The gate, the bootstrap, and the formulas beside empyrical-reloaded and quantstats, on one core."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import risk
from benchmarks import figures
from benchmarks.reports import Report

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT / ".peers" / "bin" / "python"
POSITIONS, PERIODS = (1, 10, 50, 100, 200), 250
PATHS, TRADES = (1000, 10_000, 100_000), 250
CALLS, SHORT_CALLS, WARM_UP = 2000, 300, 50
BOOTSTRAPS, SHORT_BOOTSTRAPS = 15, 5
MOST_GATE_US, MOST_BOOTSTRAP_MS = 250.0, 150.0
MOST_X_LIBRARY = 1.25  # the aim is 1; a busy machine tells no finer

Times = dict[int, list[float]]


def measure(*, short: bool) -> Report:
    """Time the gate by positions, the bootstrap by paths, and each formula in turns with its rival."""
    gate = {many: _gate_us(many, SHORT_CALLS if short else CALLS) for many in POSITIONS}
    times = SHORT_BOOTSTRAPS if short else BOOTSTRAPS
    bootstrap = {many: _bootstrap_ms(many, times) for many in (PATHS[:2] if short else PATHS)}
    return _report(gate, bootstrap, _pairs())


def _report(gate: Times, bootstrap: Times, pairs: list[dict[str, object]]) -> Report:
    rows = [[f"gate, {many} positions", *_spread(used, "us"), "", ""] for many, used in gate.items()]
    rows += [[f"bootstrap, {many} paths", *_spread(used, "ms"), "", ""] for many, used in bootstrap.items()]
    regressions = _too_slow(figures.percentile(gate[50], 0.5), figures.percentile(bootstrap[10_000], 0.5))
    for pair in pairs:
        ours, theirs = _number(pair["ours_us"]), _number(pair["theirs_us"])
        name = f"{pair['figure']}, {pair['periods']} periods"
        library = f"{pair['library']} {theirs:.1f} us"
        rows.append([name, f"{ours:.1f} us", "", "", library, f"{ours / theirs:.2f}"])
        if ours > MOST_X_LIBRARY * theirs:
            regressions.append(f"{name} takes {ours / theirs:.2f} x what {pair['library']} takes")
        if _number(pair["apart"]) > 1e-12:
            regressions.append(f"{name} is not the answer of {pair['library']}")
    by_positions = {many: figures.percentile(used, 0.5) for many, used in gate.items()}
    by_paths = {many: figures.percentile(used, 0.5) for many, used in bootstrap.items()}
    grown = f"growth: positions^{figures.exponent(by_positions):.2f}, paths^{figures.exponent(by_paths):.2f}"
    skipped = [] if pairs else ["Skipped: the libraries, as .peers is not set up (make bench does)"]
    return Report(
        part="r",
        title=f"CPU time: the gate over {PERIODS} returns, {TRADES} trades resampled, formulas",
        headings=["what", "p50", "p95", "p99", "library p50", "ours / theirs"],
        rows=rows,
        figures={"gate_us": _spreads(gate), "bootstrap_ms": _spreads(bootstrap)},
        notes=[*skipped, grown],
        regressions=regressions,
    )


def _too_slow(gate_us: float, bootstrap_ms: float) -> list[str]:
    found = []
    if gate_us > MOST_GATE_US:
        found.append(f"the gate over 50 positions takes {gate_us:.0f} us > {MOST_GATE_US:g} us")
    if bootstrap_ms > MOST_BOOTSTRAP_MS:
        found.append(f"10,000 paths take {bootstrap_ms:.0f} ms > {MOST_BOOTSTRAP_MS:g} ms")
    return found


def _spread(used: list[float], unit: str) -> list[str]:
    return [f"{figures.percentile(used, share):.1f} {unit}" for share in (0.5, 0.95, 0.99)]


def _spreads(times: Times) -> dict[int, dict[str, float]]:
    return {many: figures.spread(used) for many, used in times.items()}


def _number(value: object) -> float:
    if not isinstance(value, float):
        raise TypeError(f"{value!r} is no figure")
    return value


def _used(call: Callable[[], object], calls: int, per_second: float) -> list[float]:
    used = []
    for _ in range(calls):
        began = time.process_time()
        call()
        used.append((time.process_time() - began) * per_second)
    return used


def _gate_us(many: int, calls: int) -> list[float]:
    """Return the microseconds of judging an order on a book of *many* positions, which it must pass."""
    generator = np.random.default_rng(many)
    common = generator.normal(0.0, 0.01, PERIODS)
    portfolio = risk.Portfolio(
        equity_usd=1e6,
        symbols=tuple(f"S{n}/USD" for n in range(many)),
        market_types=tuple(risk.MARKET_TYPES[n % 3] for n in range(many)),
        exposures_usd=generator.uniform(0.1, 1.0, many) * 5e5 / many,
        leverages=np.ones(many),
        returns=0.3 * common + generator.normal(0.0, 0.01, (many, PERIODS)),
        day_equity_usd=1e6,
        week_equity_usd=1e6,
        peak_equity_usd=1e6,
        age_candles=0.5,
        open_orders=(),
        recent_orders=0,
    )
    market = risk.MarketState(
        faults=(),
        age_candles=0.5,
        is_killed=False,
        returns=0.3 * common + generator.normal(0.0, 0.01, PERIODS),
        reference_price=100.0,
        volume_usd=1e9,
        half_spread=0.0001,
        policy=risk.Policy("range_normal", 1.0),
    )
    limits = risk.Limits(max_positions=1000, max_concentration=1.0, max_exposure_pct=2.0, max_leverage=2.0)

    def judge() -> risk.Verdict:
        return risk.assess(ORDER, portfolio, market, limits)

    if judge().outcome is not risk.VerdictOutcome.APPROVED:
        raise RuntimeError(judge().reason)
    return _used(judge, WARM_UP + calls, 1e6)[WARM_UP:]


def _bootstrap_ms(many: int, times: int) -> list[float]:
    trades = np.random.default_rng(1).normal(0.001, 0.01, TRADES)

    def draw() -> risk.Resample:
        return risk.resample(trades, generator=np.random.default_rng(2), paths=many)

    draw()
    return _used(draw, times, 1e3)


def _pairs() -> list[dict[str, object]]:
    """Return what the two libraries and ours took, nothing if they are not there."""
    if not PEERS.exists():
        return []
    words = (str(PEERS), str(ROOT / "benchmarks" / "peers" / "risks.py"))
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True)  # noqa: S603
    pairs: list[dict[str, object]] = json.loads(done.stdout)["pairs"]
    return pairs


ORDER = risk.Proposal(
    symbol="NEW/USD",
    action="BUY",
    price=100.0,
    size_usd=10_000.0,
    confidence=0.8,
    agreement=0.8,
    votes_cast=4,
    quorum=2,
    panel=4,
    backers=3,
    is_degraded=False,
    stop=95.0,
    target=110.0,
)
