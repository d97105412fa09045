"""`python -m benchmarks`: how fast Thalas is, beside a naive chord and asyncio.gather, in one run.

Parts: (a) overhead of one run, (b) runs a second, (c) CPU per run, (d) memory, (e) early close,
(f) growth, (g) the API, (h) a call to a model beside the vendors' own libraries, (i) budgets, (k) the
risk gate as books grow, (r) the formulas of risk beside the libraries that people know, (v) the audit
chain read back.
`--short` is for CI: parts a to d in a minute, and exit code 1 on a gross regression.
"""

import argparse
import os
import signal
import sys
import time

from benchmarks import budgets, gates, libraries, reports, risks, stages
from tests import clusters

PARTS, SHORT_PARTS = "abcdefghikrv", "abcd"
# These need neither database nor broker.
ALONE = {"h": libraries.measure, "k": gates.measure, "r": risks.measure}
# This one has a database of its own, as it is installed, and no stage.
UNSTAGED = {"i": budgets.run}
DATABASES = ("sqlite", "postgresql")


def main() -> int:
    """Set a stage for each database, measure on it, and return the worst exit code."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as after Ctrl-C, the stage is cleared
    parts = options.part.replace(",", "") or (SHORT_PARTS if options.short else PARTS)
    worst = max((_alone(part, short=options.short) for part in parts if part in ALONE), default=0)
    staged = "".join(part for part in parts if part not in ALONE and part not in UNSTAGED)
    unstaged = [UNSTAGED[part] for part in parts if part in UNSTAGED]
    if not staged and not unstaged:
        return worst
    for database in options.database or _available(short=options.short):
        worst = max([worst, *(measure(database, short=options.short) for measure in unstaged)])
        if not staged:
            continue
        began = time.monotonic()
        with stages.open_stage(database, vote_workers=options.vote_workers) as stage:
            words = [f"--home={stage.home}", f"--database={database}", f"--parts={staged}"]
            words += ["--short"] if options.short else []
            worst = max(worst, stage.run("-m", "benchmarks.measure", *words))
        sys.stdout.write(f"{database}: {time.monotonic() - began:.0f} s on {os.cpu_count()} cores\n")
    return worst


def _alone(part: str, *, short: bool) -> int:
    report = ALONE[part](short=short)
    sys.stdout.write(reports.told(report, database="none") + "\n")
    return int(bool(report.regressions) and short)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", default="", help=f"which of {','.join(PARTS)}, such as a,c; default all")
    parser.add_argument("--database", action="append", choices=DATABASES, help="default: all there are")
    parser.add_argument("--vote-workers", type=int, default=1, help="worker-votes processes on each side")
    parser.add_argument("--short", action="store_true", help="a minute on SQLite, judged by gross ratios")
    options = parser.parse_args()
    if unknown := set(options.part) - set(PARTS + ","):
        parser.error(f"--part {options.part!r} names {', '.join(sorted(unknown))}; the parts are {PARTS}")
    return options


def _available(*, short: bool) -> tuple[str, ...]:
    """Return SQLite and, where its programs are installed and time is given, PostgreSQL."""
    if short:
        return DATABASES[:1]
    if clusters.find_programs() is None:
        sys.stderr.write("Skipped: PostgreSQL, as its server programs are not installed\n")
        return DATABASES[:1]
    return DATABASES


if __name__ == "__main__":
    sys.exit(main())
