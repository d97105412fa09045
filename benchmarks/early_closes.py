"""(e) How much sooner runs close that may close early, with voters whose latency has a long tail."""

import itertools
import json
import math
import random
from functools import partial
from pathlib import Path

from benchmarks import figures, house, sides, stages
from benchmarks.reports import Report
from benchmarks.sides import Load, Outcome, Thalas

SEED = 7
PAIRS = 60
# A panel for each side: a voter answers in the order it is asked, the same to each side's runs.
EARLY_PANEL, WHOLE_PANEL = stages.FURTHER_VOTERS[:5], stages.FURTHER_VOTERS[5:10]
# So slow that the 100 threads always have one free: waiting for one would count as latency.
RATE = 4.0
MEDIAN_S, P99_S = 2.0, 20.0
SIGMA = math.log(P99_S / MEDIAN_S) / 2.3263
LONGEST_ANSWER_S = 55.0
ACTIONS, ODDS = ("BUY", "HOLD", "SELL"), (0.6, 0.25, 0.15)
CONFIDENCES = (0.55, 0.9)


def measure(thalas: Thalas, home: Path) -> Report:
    """Convene the same councils twice beside each other, allowed to close early and not."""
    latest_s = _write_script(home)
    in_turn = itertools.cycle(
        (partial(house.convene, EARLY_PANEL, may_close_early=True), partial(house.convene, WHOLE_PANEL))
    )

    def send() -> str:
        return next(in_turn)()

    return _report(sides.drive(thalas, Load(2 * PAIRS, RATE), send), latest_s)


def _report(outcome: Outcome, latest_s: list[float]) -> Report:
    ends = house.closed(outcome.runs)
    early, whole = outcome.took_s[0::2], outcome.took_s[1::2]
    saved = [one - other for one, other in zip(whole, early, strict=True)]
    pairs = list(zip(outcome.runs[0::2], outcome.runs[1::2], strict=True))
    same = sum(ends[one].outcome == ends[other].outcome for one, other in pairs)
    used = sum(ends[one].by == "early" for one, _ in pairs)
    spreads = {
        "all votes": figures.spread(whole),
        "early": figures.spread(early),
        "saved": figures.spread(saved),
    }
    return Report(
        part="e",
        title=f"early close: {PAIRS} councils of {len(EARLY_PANEL)}, log-normal, median 2 s, p99 20 s",
        headings=["closing", "p50 s", "p95 s", "p99 s", "mean s"],
        rows=[
            [name, *(f"{spread[p]:.1f}" for p in ("p50", "p95", "p99")), f"{sum(values) / PAIRS:.1f}"]
            for (name, spread), values in zip(spreads.items(), (whole, early, saved), strict=True)
        ],
        figures={"close_s": spreads, "closed_early": used, "same_outcome": same, "pairs": PAIRS},
        notes=[
            f"{used} of {PAIRS} closed early; {same} of {PAIRS} pairs have the same outcome",
            f"votes drawn {'/'.join(f'{o:.0%}' for o in ODDS)} {'/'.join(ACTIONS)}, confidence 0.55 to 0.9;",
            "how much is saved depends on how much the voters agree",
            f"without early close: {_excess_s(whole, latest_s):.2f} s (median) beyond the slowest draw",
        ],
    )


def _excess_s(whole: list[float], latest_s: list[float]) -> float:
    return figures.percentile([took - latest for took, latest in zip(whole, latest_s, strict=True)], 0.5)


def _write_script(home: Path) -> list[float]:
    """Tell the emulator each voter's answers in the order of the runs; return each pair's slowest latency."""
    dice = random.Random(SEED)  # noqa: S311 - a load, not a secret
    drawn = [[_answer(dice) for _ in EARLY_PANEL] for _ in range(PAIRS)]
    rules: dict[str, list[dict[str, object]]] = {
        voter: [answers[seat] | {"times": 1} for answers in drawn]
        for panel in (EARLY_PANEL, WHOLE_PANEL)
        for seat, voter in enumerate(panel)
    }
    rules["*"] = [{"latency_s": stages.LATENCY_S}]
    (home / stages.SCRIPT).write_text(json.dumps(rules))
    return [max(float(str(answer["latency_s"])) for answer in answers) for answers in drawn]


def _answer(dice: random.Random) -> dict[str, object]:
    return {
        "latency_s": min(dice.lognormvariate(math.log(MEDIAN_S), SIGMA), LONGEST_ANSWER_S),
        "action": dice.choices(ACTIONS, ODDS)[0],
        "confidence": round(dice.uniform(*CONFIDENCES), 2),
    }
