"""`python -m benchmarks.measure`: measures on a stage that stands; started by `python -m benchmarks`."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cpu, door, early_closes, growth, house, memory, overhead, reports, throughput
from benchmarks.sides import Naive, Thalas


def measured(parts: str, home: Path, *, short: bool) -> Iterator[reports.Report]:
    """Yield the report of each of *parts*, in the order of their letters."""
    body = house.request_body()
    thalas, naive = Thalas(home), Naive(home, body)
    try:
        if "a" in parts:
            yield overhead.measure(thalas, naive, body, short=short)
        if "b" in parts:
            yield throughput.measure(thalas, naive, short=short)
        if "c" in parts:
            yield cpu.measure(thalas, naive, short=short)
        if "d" in parts:
            yield memory.measure(thalas, naive)
        if "e" in parts:
            yield early_closes.measure(thalas, home)
        if "f" in parts:
            yield growth.measure(thalas)
        if "g" in parts:
            yield door.measure(home, short=short)
    finally:
        thalas.close()


def main() -> int:
    """Measure, print, and return 1 if something has grossly regressed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--parts", required=True)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    regressed = False
    for report in measured(options.parts, options.home, short=options.short):
        sys.stdout.write(reports.told(report, database=options.database) + "\n")
        sys.stdout.flush()
        regressed = regressed or bool(report.regressions)
    return int(regressed and options.short)


if __name__ == "__main__":
    sys.exit(main())
