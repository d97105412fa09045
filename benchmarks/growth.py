"""(f) How close time and CPU grow with runs at once, voters and symbols; an exponent of 1 is linear."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from benchmarks import figures, house, meters, sides, stages
from benchmarks.reports import Report
from benchmarks.sides import Load, Outcome, Thalas

RUNS_AT_ONCE = (1, 10, 100, 1000)
VOTERS = (2, 8, 32)
SYMBOLS = (1, 10, 50)
SAMPLE, RATE = 20, 2.0


@dataclass(frozen=True, slots=True)
class Point:
    """The cost of one size: from opening to close, and CPU of our processes and the database."""

    close_s: float
    cpu_ms: float


def measure(thalas: Thalas) -> Report:
    """Grow one thing at a time and report close time, CPU and the exponents."""
    by_runs = {n: _point(sides.drive(thalas, Load(n)), share=1.0) for n in RUNS_AT_ONCE}
    by_voters = {n: _sampled(thalas, partial(house.convene, _panel(n))) for n in VOTERS}
    by_symbols = {n: _sampled(thalas, partial(house.convene_on, n)) for n in SYMBOLS}
    grown = {"runs at once": by_runs, "voters": by_voters, "symbols": by_symbols}
    return Report(
        part="f",
        title="growth: close time and CPU of a run",
        headings=["of", "size", "close s", "CPU ms/run", "close ~ size^", "CPU ~ size^"],
        rows=[row for of, points in grown.items() for row in _rows(of, points)],
        figures={
            of: {
                "close_s": {n: point.close_s for n, point in points.items()},
                "cpu_ms": {n: point.cpu_ms for n, point in points.items()},
                **_exponents(points),
            }
            for of, points in grown.items()
        },
        notes=[
            "close: the last of the runs at once, else the median; exponents over all sizes, 1 is linear;",
            "CPU ms/run that stays level (exponent 0) as runs grow means linear total cost",
        ],
    )


def _panel(voters: int) -> tuple[str, ...]:
    return stages.FURTHER_VOTERS[:voters]


def _sampled(thalas: Thalas, send: Callable[[], str]) -> Point:
    sides.drive(thalas, Load(2), send)  # connections and caches of new voters
    return _point(sides.drive(thalas, Load(SAMPLE, RATE), send), share=0.5)


def _point(outcome: Outcome, *, share: float) -> Point:
    cpu_ms = outcome.cpu_ms(lambda name: not name.startswith("guard") and meters.is_ours(name))
    return Point(figures.percentile(outcome.took_s, share), sum(cpu_ms.values()))


def _exponents(points: Mapping[int, Point]) -> dict[str, float]:
    return {
        "close_exponent": figures.exponent({n: point.close_s for n, point in points.items()}),
        "cpu_exponent": figures.exponent({n: point.cpu_ms for n, point in points.items()}),
    }


def _rows(of: str, points: Mapping[int, Point]) -> list[list[str]]:
    fitted = _exponents(points)
    last = list(points)[-1]
    return [
        [
            of,
            str(size),
            f"{point.close_s:.2f}",
            f"{point.cpu_ms:.0f}",
            *(f"{value:.2f}" if size == last else "" for value in fitted.values()),
        ]
        for size, point in points.items()
    ]
