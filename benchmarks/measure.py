"""`python -m benchmarks.measure`: measures on a stage that stands; started by `python -m benchmarks`."""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

from benchmarks import (
    audit_chain,
    cpu,
    door,
    early_closes,
    growth,
    house,
    memory,
    overhead,
    reports,
    throughput,
)
from benchmarks.sides import Naive, Thalas


class Sides:
    """Both sides, each made and warmed up when a part first asks for it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.body = house.request_body()

    @cached_property
    def thalas(self) -> Thalas:
        """Ours."""
        return Thalas(self.home)

    @cached_property
    def naive(self) -> Naive:
        """The naive chord."""
        return Naive(self.home, self.body)

    def close(self) -> None:
        """Stop what was started."""
        if "thalas" in vars(self):
            self.thalas.close()


def measured(parts: str, home: Path, *, short: bool) -> Iterator[reports.Report]:
    """Yield the report of each of *parts*, in the order of their letters."""
    sides = Sides(home)
    measures: dict[str, Callable[[], reports.Report]] = {
        "a": lambda: overhead.measure(sides.thalas, sides.naive, sides.body, short=short),
        "b": lambda: throughput.measure(sides.thalas, sides.naive, short=short),
        "c": lambda: cpu.measure(sides.thalas, sides.naive, short=short),
        "d": lambda: memory.measure(sides.thalas, sides.naive),
        "e": lambda: early_closes.measure(sides.thalas, home),
        "f": lambda: growth.measure(sides.thalas),
        "g": lambda: door.measure(home, short=short),
        "v": lambda: audit_chain.measure(short=short),
    }
    try:
        yield from (measures[part]() for part in sorted(set(parts)))
    finally:
        sides.close()


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
