"""`python -m benchmarks.budgets`: what reserve and settle take on one cap, by how many call at once.

Calls come at a steady rate, whoever is late or not (an open loop): 200 a second on PostgreSQL with every
commit on disk, 20 a second on SQLite. Then a vote that costs money beside one that needs no budget.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import django

from benchmarks import figures
from providers.voters.types import NOTHING, Abstention, Answer, Brief, Usage
from tests import clusters

RATES = {"postgresql": 200.0, "sqlite": 20.0}
LIMITS_MS = {"postgresql": 2.0, "sqlite": 1.0}
CALLERS = {"postgresql": (1, 8, 64), "sqlite": (1, 8)}
# A server as it is installed: what is committed is on disk.
DURABLE = "-c max_connections=200"
VOTES = 300


@dataclass(frozen=True, slots=True)
class Quiet:
    """A voter that abstains at once, for so much."""

    worst: Usage

    def worst_case(self, brief: Brief) -> Usage:
        """Return what it is said to take."""
        return self.worst

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Abstain."""
        unsure = tuple(Abstention(symbol=market.symbol, reasoning="unsure") for market in brief.markets)
        return Answer(opinions=unsure, usage=self.worst)


def main() -> int:
    """Measure on each database there is, in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budgets", description=__doc__)
    parser.add_argument("--database", action="append", choices=sorted(RATES))
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(options.seconds)
    there = ["sqlite"] + (["postgresql"] if clusters.find_programs() else [])
    return max(run(database, options.seconds) for database in options.database or there)


def run(database: str, seconds: float) -> int:
    """Measure on *database* in a fresh home."""
    home = Path(tempfile.mkdtemp(prefix="thalas-bench-"))
    cluster = clusters.start(home / "cluster", settings=DURABLE) if database == "postgresql" else None
    variables = {**os.environ, "THALAS_HOME": str(home), "THALAS_LOG_LEVEL": "WARNING", "EMULATOR": "1"}
    variables["DJANGO_SETTINGS_MODULE"] = "thalas.settings"
    variables |= {"THALAS_DB_POOL": "80", "THALAS_DB_POOL_TIMEOUT_S": "60"}
    variables["DATABASE_URL"] = cluster.url if cluster else f"sqlite:///{home}/bench.sqlite3"
    words = (sys.executable, "-m", "benchmarks.budgets", "--measure", f"--seconds={seconds}")
    try:
        return subprocess.run(words, env=variables, check=False).returncode  # noqa: S603 - ourselves
    finally:
        if cluster:
            cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def measure(seconds: float) -> int:
    """Print the contention curve and the ratio; return 1 if one caller alone is slower than the limit."""
    django.setup()
    from django.db import connection  # noqa: PLC0415 - after the set-up

    from benchmarks import calls  # noqa: PLC0415

    calls.prepare()
    vendor = connection.vendor
    curve = {callers: calls.paced(callers, RATES[vendor], seconds) for callers in CALLERS[vendor]}
    rows = []
    for callers, times in curve.items():
        told = figures.spread(times)
        named = [f"{value:.2f}" for value in (min(times), told["p50"], told["p95"], told["p99"])]
        rows.append([str(callers), f"{len(times) / seconds:.0f}/s", *named])
    sys.stdout.write(f"{vendor}: reserve + settle on one cap, ms\n")
    sys.stdout.write(figures.table(["callers", "rate", "least", "p50", "p95", "p99"], rows) + "\n")
    costly = Usage(tokens_in=9, cost_usd=Decimal("0.001"))
    sys.stdout.write(f"{calls.cpu_ms(1_000):.2f} ms of this process's CPU each\n")
    paid, free = calls.votes_of(Quiet(costly), Quiet(NOTHING), each=VOTES)
    sys.stdout.write(
        f"a vote p50 {paid:.2f} ms with its budget, {free:.2f} ms without one: {paid / free:.2f} times\n"
    )
    return int(figures.percentile(curve[1], 0.5) > LIMITS_MS[vendor])


if __name__ == "__main__":
    sys.exit(main())
