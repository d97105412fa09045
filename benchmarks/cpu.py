"""(c) CPU ms per run, by process, beside a naive chord at the same rate."""

from benchmarks import sides
from benchmarks.reports import Report
from benchmarks.sides import Load, Naive, Outcome, Side, Thalas

RATE = 10.0
ROUNDS, RUNS, SHORT_RUNS = 2, 80, 60
PROPS = ("emulator",)
# A naive chord has neither database nor guards; theirs is shown, and not held against us.
NOT_NAIVES = (*PROPS, "database", "guard-1", "guard-2")
MOST_X_NAIVE = 3.0


def measure(thalas: Thalas, naive: Naive, *, short: bool) -> Report:
    """Give both sides the same rate in turn and report what every process used per run."""
    both: tuple[Side, ...] = (naive, thalas)
    used = {side.name: Outcome() for side in both}
    for _ in range(1 if short else ROUNDS):
        for side in both:
            used[side.name].add(sides.drive(side, Load(SHORT_RUNS if short else RUNS, RATE)))
    cpu_ms = {name: outcome.cpu_ms() for name, outcome in used.items()}
    ratio = _like_naive_ms(cpu_ms[thalas.name]) / _like_naive_ms(cpu_ms[naive.name])
    return Report(
        part="c",
        title=f"CPU ms per run by process, at {RATE:g} runs/s",
        headings=["side", "process", "ms/run"],
        rows=[[name, process, f"{ms:.1f}"] for name, ones in cpu_ms.items() for process, ms in ones.items()]
        + [[name, "all", f"{sum(ones.values()):.1f}"] for name, ones in cpu_ms.items()],
        figures={"cpu_ms": cpu_ms, "x_naive": ratio},
        notes=[
            f"client, workers and broker: {ratio:.2f} x naive",
            "guards cost per second, not per run; with SQLite the database's share is in its users",
        ],
        regressions=[f"CPU per run {ratio:.2f} x naive > {MOST_X_NAIVE:g}"] if ratio > MOST_X_NAIVE else [],
    )


def _like_naive_ms(cpu_ms: dict[str, float]) -> float:
    return sides.total_ms(cpu_ms, without=NOT_NAIVES)
