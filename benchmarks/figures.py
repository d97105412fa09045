"""Percentiles, exponents and tables of a benchmark."""

import math
from collections.abc import Mapping, Sequence
from statistics import linear_regression


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that *share* (0..1) of *values* do not exceed (nearest rank)."""
    ranked = sorted(values)
    if not ranked:
        return float("nan")
    # 0.95 * 100 is a hair above 95 in floats; that hair must not make it the 96th.
    rank = math.ceil(share * len(ranked) - 1e-9)
    return ranked[max(1, rank) - 1]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of *values*, and how many there are."""
    named = {f"p{round(share * 100)}": percentile(values, share) for share in (0.5, 0.95, 0.99)}
    return {**named, "n": float(len(values))}


def exponent(costs: Mapping[int, float]) -> float:
    """Return k of the power law size^k that fits *costs* by size best; 1 is linear.

    Source:  least squares on logarithms, so every size counts alike.
    """
    sizes = [math.log(size) for size in costs]
    return linear_regression(sizes, [math.log(cost) for cost in costs.values()]).slope


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows aligned under their headings."""
    widths = [max(len(row[n]) for row in (headings, *rows)) for n in range(len(headings))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (headings, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)
