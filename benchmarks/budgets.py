"""(i) Budgets: what reserve and settle take on one cap, by how many call at once, and what a run pays for it.

Calls come at a steady rate, whoever is late or not (an open loop): 200 a second on PostgreSQL with every
commit on disk, 20 a second on SQLite. `python -m benchmarks.budgets` runs this part alone.
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

from benchmarks import figures, reports
from providers.voters.types import NOTHING, Abstention, Answer, Brief, Usage
from tests import clusters

RATES = {"postgresql": 200.0, "sqlite": 20.0}
BARS_MS = {"postgresql": 2.0, "sqlite": 1.0}
# A gross regression: the bars are for a quiet machine, this factor for any.
GROSS = 4.0
CALLERS = (1, 2, 4, 8, 16, 64)
# A server as it is installed: what is committed is on disk.
DURABLE = "-c max_connections=200"
SECONDS, SHORT_SECONDS = 10.0, 2.0
RUNS, SHORT_RUNS = 200, 20


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


COSTLY = Quiet(Usage(tokens_in=9, cost_usd=Decimal("0.001")))
FREE = Quiet(NOTHING)


def main() -> int:
    """Measure on each database there is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budgets", description=__doc__)
    parser.add_argument("--database", action="append", choices=sorted(RATES))
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        return measure(short=options.short)
    there = ["sqlite"] + (["postgresql"] if clusters.find_programs() else [])
    return max(run(database, short=options.short) for database in options.database or there)


def run(database: str, *, short: bool) -> int:
    """Measure on *database* in a process and a home of its own."""
    home = Path(tempfile.mkdtemp(prefix="thalas-bench-"))
    cluster = clusters.start(home / "cluster", settings=DURABLE) if database == "postgresql" else None
    variables = {**os.environ, "THALAS_HOME": str(home), "THALAS_LOG_LEVEL": "WARNING", "EMULATOR": "1"}
    variables["DJANGO_SETTINGS_MODULE"] = "thalas.settings"
    variables |= {"THALAS_DB_POOL": "80", "THALAS_DB_POOL_TIMEOUT_S": "60"}
    variables["DATABASE_URL"] = cluster.url if cluster else f"sqlite:///{home}/bench.sqlite3"
    words = (sys.executable, "-m", "benchmarks.budgets", "--measure", *(["--short"] if short else []))
    try:
        return subprocess.run(words, env=variables, check=False).returncode  # noqa: S603 - ourselves
    finally:
        if cluster:
            cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def measure(*, short: bool) -> int:
    """Print the report; return 1 if something has grossly regressed."""
    django.setup()
    from django.db import connection  # noqa: PLC0415 - after the set-up

    report = _report(connection.vendor, short=short)
    sys.stdout.write(reports.told(report, database=connection.vendor) + "\n")
    return int(bool(report.regressions) and short)


def _report(vendor: str, *, short: bool) -> reports.Report:
    from benchmarks import calls  # noqa: PLC0415 - after the set-up

    calls.prepare()
    seconds = SHORT_SECONDS if short else SECONDS
    callers = CALLERS[::5] if short else CALLERS
    curve = {number: calls.paced(number, RATES[vendor], seconds) for number in callers}
    cpu_ms, statements = calls.cpu_ms(1_000), calls.statements()
    each = SHORT_RUNS if short else RUNS
    vote, free_vote = calls.votes_of(COSTLY, FREE, each=each)
    whole, free_run = calls.runs_of(COSTLY, FREE, each=each)
    p50 = figures.percentile(curve[1], 0.5)
    is_slow = p50 > GROSS * BARS_MS[vendor]
    return reports.Report(
        part="i",
        title=f"budgets: reserve + settle on one cap at {RATES[vendor]:.0f}/s, milliseconds",
        headings=["buyers", "rate", "least", "p50", "p95", "p99"],
        rows=[_row(number, times, seconds) for number, times in curve.items()],
        figures={
            "ms": {number: figures.spread(times) for number, times in curve.items()},
            "cpu_ms": cpu_ms,
            "statements": statements,
            "vote_ratio": vote.cpu_ms / free_vote.cpu_ms,
            "run_ratio": whole.cpu_ms / free_run.cpu_ms,
        },
        notes=[
            f"bar: one buyer's p50 at most {BARS_MS[vendor]:g} ms on a quiet machine; here {p50:.2f}",
            f"a reserve and settle: {cpu_ms:.2f} ms of this process's CPU, {statements} statements",
            f"a vote that costs money beside one that asks nobody: {vote.beside(free_vote)}",
            f"a run of five such voters, opened, asked and closed: {whole.beside(free_run)}",
        ],
        regressions=[f"one buyer's p50 is {p50:.2f} ms"] if is_slow else [],
    )


def _row(callers: int, times: list[float], seconds: float) -> list[str]:
    told = figures.spread(times)
    named = (min(times), told["p50"], told["p95"], told["p99"])
    return [str(callers), f"{len(times) / seconds:.0f}/s", *(f"{value:.2f}" for value in named)]


if __name__ == "__main__":
    sys.exit(main())
