"""The figures of a storm and the bars they are held to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from benchmarks.figures import percentile
from tests.chaos import calls, counts, lateness
from tests.chaos.audits import Entry
from tests.chaos.storms import Chronicle

LONGEST_LATE_S = lateness.GRACE.total_seconds()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the database, the emulator and the register of accepted runs say."""

    accepted: frozenset[UUID]
    refused: int
    runs: Sequence[counts.Run]
    votes: Sequence[counts.Votes]
    slots: Mapping[str, int]
    booked: int
    audit: Mapping[UUID, Sequence[Entry]]
    calls: Sequence[calls.Call]
    chronicle: Chronicle


@dataclass(frozen=True, slots=True)
class Latest:
    """A run that was closed late: for whoever looks for the reason."""

    run: str
    late_s: float
    closed_by: str
    closed_at: str
    deadline_at: str


Figures = dict[str, object]


def read_register(register: Path) -> list[str]:
    """Return each line of the register: what was accepted, and what was refused."""
    return register.read_text().split("\n")[:-1] if register.exists() else []


def run_figures(evidence: Evidence) -> Figures:
    """Count runs: accepted, open, lost, closed twice, decided twice."""
    by_id = {run.id for run in evidence.runs}
    entries = [list(found) for found in evidence.audit.values()]
    closes = [sum(e.what in ("changed", "deleted") for e in found) for found in entries]
    decisions = [sum(e.what == "decision" for e in found) for found in entries]
    waited = [run for run in evidence.runs if run.closed_by != "early"]
    is_full = [run.heard == run.panel for run in waited]
    return {
        "accepted": len(evidence.accepted),
        "refused": evidence.refused,
        "runs": len(evidence.runs),
        "open": sum(run.state == "open" for run in evidence.runs),
        "lost": len(evidence.accepted - by_id),
        "double_closes": sum(count > 1 for count in closes),
        "second_decisions": sum(count > 1 for count in decisions),
        "full_panels_pct": round(100.0 * sum(is_full) / max(1, len(is_full)), 1),
        "closed_by": dict(Counter(run.closed_by for run in evidence.runs)),
    }


def late_figures(evidence: Evidence) -> Figures:
    """Measure how late runs were closed, over all and over those that were due before their close."""
    late = sorted(_late(evidence), key=lambda one: -one.late_s)
    all_s = [one.late_s for one in late]
    due_s = [value for value in all_s if value > 0]
    return {
        "late_p50_s": round(percentile(due_s, 0.5), 3) if due_s else 0.0,
        "late_p99_s": round(percentile(due_s, 0.99), 3) if due_s else 0.0,
        "late_max_s": round(max(all_s, default=0.0), 3),
        "closed_after_due": len(due_s),
        "late_over_2s": sum(value > LONGEST_LATE_S for value in all_s),
        "latest": [f"{o.run} by {o.closed_by} {o.late_s:.2f} s late at {o.closed_at}" for o in late[:5]],
    }


def _late(evidence: Evidence) -> list[Latest]:
    found = []
    for run in evidence.runs:
        ends = [entry for entry in evidence.audit.get(run.id, ()) if entry.what == "changed"]
        if ends:
            late_s = lateness.late_s(ends[0].at, run.deadline_at, evidence.chronicle.outages)
            by, at = run.closed_by, ends[0].at.isoformat()
            found.append(Latest(str(run.id), late_s, by, at, run.deadline_at.isoformat()))
    return found


def call_figures(evidence: Evidence) -> Figures:
    """Hold what was paid for against what was recorded and what kills can have cut."""
    started = len(evidence.calls)
    answered = sum(group.count for group in evidence.votes if group.is_answered)
    votes: Counter[str] = Counter()
    for group in evidence.votes:
        votes[group.label] += group.count
    return {
        "calls": started,
        "answers_recorded": answered,
        "surplus_calls": started - answered,
        "calls_cut": sum(call.is_cut for call in evidence.calls),
        "calls_in_flight_at_kills": calls.in_flight_at(evidence.calls, evidence.chronicle.cutting()),
        "calls_not_booked": max(0, started - evidence.booked),
        "votes": dict(sorted(votes.items())),
        "votes_missing_without_a_reason": sum(
            group.count for group in evidence.votes if group.state == "missing" and not group.error_kind
        ),
    }


def storm_figures(evidence: Evidence) -> Figures:
    """Count what was struck and what died."""
    chronicle = evidence.chronicle
    return {
        "struck": dict(sorted(Counter(name for _, name in chronicle.struck).items())),
        "deaths": dict(sorted(Counter(name for _, name in chronicle.deaths).items())),
        "database_away_s": [round((o.up_at - o.down_at).total_seconds(), 1) for o in chronicle.outages],
        "slots": dict(evidence.slots),
    }


def too_slow(figures: Figures, *, least_accepted: int) -> list[str]:
    """Return each bar of time that *figures* miss, in words: what a busy machine can miss once."""
    missed, late_max = [], _number(figures, "late_max_s")
    if late_max > LONGEST_LATE_S:
        missed.append(f"the latest close came {late_max} s after it was due, more than {LONGEST_LATE_S:g} s")
    if _number(figures, "accepted") < least_accepted:
        missed.append(f"{figures['accepted']} runs accepted, fewer than {least_accepted}")
    return missed


def wrong(figures: Figures, *, is_whole: bool) -> list[str]:
    """Return each count that *figures* get wrong, in words; *is_whole* asks for a control that loses runs."""
    zeros = (
        "open",
        "lost",
        "double_closes",
        "second_decisions",
        "calls_not_booked",
        "votes_missing_without_a_reason",
    )
    missed = [f"{name} is {figures[name]}, not 0" for name in zeros if figures[name] != 0]
    slots = figures["slots"]
    assert isinstance(slots, dict)
    missed += [f"slots {name}: {slots[name]}, not 0" for name in ("doubled", "left out") if slots[name] != 0]
    surplus = _number(figures, "surplus_calls")
    if surplus > _number(figures, "calls_in_flight_at_kills"):
        missed.append(f"{surplus:g} surplus calls, more than were in flight at kills")
    if is_whole and _number(figures, "control_unfinished") == 0:
        missed.append("the naive chord lost no run: this storm could not show a loss")
    return missed


def _number(figures: Figures, name: str) -> float:
    value = figures[name]
    assert isinstance(value, int | float)
    return float(value)
