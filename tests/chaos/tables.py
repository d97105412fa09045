"""The figures for people."""

from benchmarks import figures

ROWS = {
    "runs": ("accepted", "refused", "runs", "open", "lost", "double_closes", "second_decisions"),
    "closes": ("closed_by", "full_panels_pct", "closed_after_due", "late_p50_s", "late_p99_s", "late_max_s"),
    "late": ("late_over_2s", "latest"),
    "calls": ("calls", "answers_recorded", "surplus_calls", "calls_in_flight_at_kills", "calls_cut"),
    "money": ("calls_not_booked",),
    "votes": ("votes", "votes_missing_without_a_reason"),
    "slots": ("slots",),
    "storm": ("struck", "deaths", "database_away_s", "offered_per_s", "seconds"),
    "control": ("control_accepted", "control_finished", "control_unfinished"),
}


def table(found: dict[str, object]) -> str:
    """Return *found* as lines of part, figure and value."""
    lines = []
    for part, names in ROWS.items():
        shown = [(name, text) for name in names if name in found for text in _texts(found[name])]
        for place, (name, text) in enumerate(shown):
            lines.append((part if place == 0 else "", name.replace("_", " "), text))
    return figures.table(("part", "figure", "value"), lines)


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [", ".join(f"{name} {count}" for name, count in value.items()) or "none"]
    if isinstance(value, list):
        return [str(one) for one in value]
    return [str(value)]
