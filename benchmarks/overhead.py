"""(a) What a run takes beyond its slowest voter, beside asyncio.gather and a naive chord, in turns."""

from benchmarks import figures, house, sides
from benchmarks.reports import Report
from benchmarks.sides import Load, Naive, Outcome, Thalas

RATE = 10.0
ROUNDS, RUNS = 3, 50
SHORT_ROUNDS, SHORT_RUNS = 2, 25
AIM_MS = {"p50": 25.0, "p99": 80.0}
# A gross regression: our median is beyond this many times the naive chord's, and this much more.
MOST_TIMES_NAIVE, SLACK_MS = 6.0, 60.0


def measure(thalas: Thalas, naive: Naive, body: str, *, short: bool) -> Report:
    """Give each side a few seconds in turn, several times over, and report the overheads."""
    rounds, load = (SHORT_ROUNDS, Load(SHORT_RUNS, RATE)) if short else (ROUNDS, Load(RUNS, RATE))
    outcomes = {"asyncio.gather": Outcome(), naive.name: Outcome(), thalas.name: Outcome()}
    for _ in range(rounds):
        outcomes["asyncio.gather"].add(sides.with_gather(load, body))
        outcomes[naive.name].add(sides.drive(naive, load))
        outcomes[thalas.name].add(sides.drive(thalas, load))
    spreads = {name: figures.spread(outcome.overhead_ms) for name, outcome in outcomes.items()}
    p50_ms, its_ms = spreads[thalas.name]["p50"], spreads[naive.name]["p50"]
    most_ms = MOST_TIMES_NAIVE * max(its_ms, 0.0) + SLACK_MS
    ours = outcomes[thalas.name].runs
    return Report(
        part="a",
        title=f"overhead of one run over its slowest voter, at {RATE:g} runs/s",
        headings=["side", "p50 ms", "p95 ms", "p99 ms"],
        rows=[sides.overhead_row(name, outcome) for name, outcome in outcomes.items()],
        figures={
            "overhead_ms": spreads,
            "p50_x_naive": p50_ms / its_ms if its_ms > 0 else None,
            "aim_ms": AIM_MS,
        },
        notes=[
            "thalas, median ms: "
            + ", ".join(f"{name} +{ms:.0f}" for name, ms in house.legs_ms(ours).items()),
            f"runs not closed by their chord with every vote: {house.not_by_chord(ours)}",
            f"aim: p50 ≤ {AIM_MS['p50']:.0f} ms, p99 ≤ {AIM_MS['p99']:.0f} ms on an idle machine",
        ],
        regressions=[f"median overhead {p50_ms:.0f} ms > {most_ms:.0f} ms"] if p50_ms > most_ms else [],
    )
