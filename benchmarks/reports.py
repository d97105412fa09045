"""What a part of the benchmark found: a table for people, figures for machines, and what went too far."""

import json
import math
from dataclasses import dataclass, field

from benchmarks import figures


@dataclass(frozen=True, slots=True)
class Report:
    """One part's result; *regressions* are sentences, none if all is well."""

    part: str
    title: str
    headings: list[str]
    rows: list[list[str]]
    figures: dict[str, object]
    notes: list[str] = field(default_factory=list)
    regressions: list[str] = field(default_factory=list)


def told(report: Report, *, database: str) -> str:
    """Return *report* as text: a title, a table, its notes, and one line of JSON."""
    data = {"part": report.part, "database": database, **report.figures}
    return "\n".join(
        [
            f"\n({report.part}) {report.title} [{database}]",
            figures.table(report.headings, report.rows),
            *report.notes,
            *(f"REGRESSION: {sentence}" for sentence in report.regressions),
            json.dumps(_rounded(data)),
        ]
    )


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): _rounded(one) for name, one in value.items()}
    return value
