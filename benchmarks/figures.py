"""Percentiles and tables of a benchmark."""

from collections.abc import Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that *share* (0..1) of *values* do not exceed (nearest rank)."""
    ranked = sorted(values)
    if not ranked:
        return float("nan")
    rank = max(0, min(len(ranked) - 1, round(share * len(ranked) + 0.5) - 1))
    return ranked[rank]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and p99 of *values*, and how many there are."""
    named = {f"p{round(share * 100)}": percentile(values, share) for share in (0.5, 0.95, 0.99)}
    return {**named, "n": float(len(values))}


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows aligned under their headings."""
    widths = [max(len(row[n]) for row in (headings, *rows)) for n in range(len(headings))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in (headings, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)
