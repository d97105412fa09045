"""(b) How many runs a second each side holds, and how late runs close near that rate."""

from benchmarks import figures, house, sides
from benchmarks.reports import Report
from benchmarks.sides import Load, Naive, Outcome, Side, Thalas

RUNS, SHORT_RUNS = 300, 60
ROUNDS = 2
# The second load's rate, as a share of our own throughput: a queue at its limit has no tail to speak of.
SHARE, PACED_S = 0.8, 10.0
AIM_PER_S, AIM_X_NAIVE = 50.0, 0.7
LEAST_X_NAIVE = 0.25


def measure(thalas: Thalas, naive: Naive, *, short: bool) -> Report:
    """Send many runs at once to each side in turn, twice; then both the same steady rate."""
    runs = SHORT_RUNS if short else RUNS
    both: tuple[Side, ...] = (naive, thalas)
    at_once = {side.name: Outcome() for side in both}
    for _ in range(1 if short else ROUNDS):
        for side in both:
            at_once[side.name].add(sides.drive(side, Load(runs)))
    per_s = {name: outcome.per_s for name, outcome in at_once.items()}
    rate = SHARE * per_s[thalas.name]
    steady = Load(runs if short else round(rate * PACED_S), rate)
    paced = {side.name: figures.spread(sides.drive(side, steady).took_s) for side in both}
    odd = house.not_by_chord(at_once[thalas.name].runs)
    ratio = per_s[thalas.name] / per_s[naive.name]
    return Report(
        part="b",
        title=f"runs/s, {runs} runs at once; then {rate:.0f} runs/s held",
        headings=["side", "runs/s", "x naive", "close p50 s", "close p99 s"],
        rows=[
            [
                name,
                f"{per_s[name]:.1f}",
                f"{per_s[name] / per_s[naive.name]:.2f}",
                f"{paced[name]['p50']:.2f}",
                f"{paced[name]['p99']:.2f}",
            ]
            for name in per_s
        ],
        figures={"per_s": per_s, "x_naive": ratio, "held_per_s": rate, "close_s": paced},
        notes=[
            f"runs of thalas at once not closed by their chord with every vote: {odd}",
            f"aim: ≥ {AIM_PER_S:.0f} runs/s and ≥ {AIM_X_NAIVE} x naive; the voters take 0.35 s",
        ],
        regressions=[f"{ratio:.2f} x naive < {LEAST_X_NAIVE}"] if ratio < LEAST_X_NAIVE else [],
    )
