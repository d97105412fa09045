"""Risk figures of empyrical-reloaded and quantstats beside ours: the same arrays, one process, CPU time.

Run by the benchmarks' own environment: `.peers/bin/python benchmarks/peers/risks.py`; of ours it imports
`risk` only, which is pure numpy. Prints one JSON object: for each figure and number of periods the
microseconds of a call on each side, and how far apart the two answers are.
"""

import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import empyrical
import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # only this environment has it, and without stubs
import quantstats

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import risk  # found only now

SIZES = (250, 2500, 25_000)
ROUNDS, ROUND_S = 15, 0.01

Call = Callable[[], float]


def main() -> int:
    """Measure every pair at every size, in turns, and print what was found."""
    warnings.simplefilter("ignore")  # of the other side's, about pandas to come
    found = [
        {"figure": figure, "library": library, "periods": size, **_raced(ours, theirs)}
        for size in SIZES
        for figure, library, ours, theirs in _pairs(size)
    ]
    versions = {"empyrical-reloaded": empyrical.__version__, "quantstats": quantstats.__version__}
    json.dump({"pairs": found, "versions": versions | {"numpy": np.__version__}}, sys.stdout)
    return 0


def _pairs(size: int) -> list[tuple[str, str, Call, Call]]:
    """Return figure, library, our call and theirs; the series that quantstats asks for is made before."""
    returns = np.random.default_rng(size).standard_t(4, size) * 0.01
    series = pd.Series(returns, index=pd.date_range("2000-01-01", periods=size, freq="h"))
    stats = quantstats.stats
    ready = {"prepare_returns": False}
    return [
        (
            "VaR, historical",
            "empyrical",
            lambda: risk.value_at_risk(returns),
            lambda: -empyrical.value_at_risk(returns),
        ),
        (
            "ES, historical",
            "empyrical",
            lambda: risk.expected_shortfall(returns, tail="whole"),
            lambda: -empyrical.conditional_value_at_risk(returns),
        ),
        (
            "drawdown",
            "empyrical",
            lambda: risk.max_drawdown(returns),
            lambda: -empyrical.max_drawdown(returns),
        ),
        (
            "VaR, parametric",
            "quantstats",
            lambda: risk.parametric_value_at_risk(returns),
            lambda: -stats.value_at_risk(series, **ready),
        ),
        (
            "ES, parametric",
            "quantstats",
            lambda: risk.parametric_expected_shortfall(returns),
            lambda: -stats.conditional_value_at_risk(series, **ready),
        ),
        (
            "ES, historical",
            "quantstats",
            lambda: risk.expected_shortfall(returns, tail="whole"),
            lambda: -stats.conditional_value_at_risk(series, method="historical", **ready),
        ),
        ("drawdown", "quantstats", lambda: risk.max_drawdown(returns), lambda: -stats.max_drawdown(series)),
    ]


def _raced(ours: Call, theirs: Call) -> dict[str, float]:
    apart = abs(ours() - theirs())
    calls = [_calls(ours), _calls(theirs)]
    rounds = [(_used_us(ours, calls[0]), _used_us(theirs, calls[1])) for _ in range(ROUNDS)]
    ours_us, theirs_us = (sorted(column)[ROUNDS // 2] for column in zip(*rounds, strict=True))
    return {"ours_us": ours_us, "theirs_us": theirs_us, "apart": float(apart)}


def _calls(call: Call) -> int:
    """Return how many calls fill a round."""
    call()
    took_us = max(1.0, _used_us(call, 3))
    return max(3, int(ROUND_S * 1e6 / took_us))


def _used_us(call: Call, calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) * 1e6 / calls


if __name__ == "__main__":
    sys.exit(main())
