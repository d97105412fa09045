"""What the database holds at the end, in plain SQL: the code under test does not count for itself."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.rows import class_row

Line = psycopg.Connection[tuple[object, ...]]

RUNS = """
SELECT id, deadline_at, state, closed_by,
       (SELECT count(*) FROM thalas_vote AS v
         WHERE v.run_id = r.id AND v.state IN ('cast', 'abstained')) AS heard,
       (SELECT count(*) FROM thalas_vote AS v WHERE v.run_id = r.id) AS panel
  FROM thalas_run AS r ORDER BY opened_at
"""
VOTES = "SELECT state, error_kind, count(*) AS count FROM thalas_vote GROUP BY 1, 2"
SLOTS = "SELECT state, count(*) FROM thalas_slot GROUP BY state"
# One slot twice, a run of a schedule without its slot, or one slot's run and another's the same.
DOUBLED = """
SELECT (SELECT count(*) - count(DISTINCT (schedule_id, due_at)) FROM thalas_slot)
     + (SELECT count(*) FROM thalas_run AS r WHERE kind = 'scan'
           AND NOT EXISTS (SELECT 1 FROM thalas_slot AS s WHERE s.run_id = r.id))
"""
# Between a schedule's first slot and its last, each due time must have its row.
SILENT = """
SELECT COALESCE(sum(extract(epoch FROM last - first) / every_s + 1 - slots), 0) FROM (
    SELECT c.every_s, min(s.due_at) AS first, max(s.due_at) AS last, count(*) AS slots
      FROM thalas_slot AS s JOIN thalas_schedule AS c ON c.name = s.schedule_id
     WHERE c.cadence = 'interval' GROUP BY c.name, c.every_s) AS spans
"""
BOOKED = "SELECT count(*) FROM thalas_spendentry"
UNFINISHED = "SELECT count(*), COALESCE(max(deadline_at), now()) FROM thalas_run WHERE state = 'open'"
SILENCE = "UPDATE thalas_schedule SET is_enabled = false"

# A vote that nobody called for, or whose answer nobody recorded.
NOT_ANSWERED = {
    "expected",
    "claimed",
    "missing",
    "waived",
    "worker_lost",
    "budget_exhausted",
    "unpriced",
    "not_configured",
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it is at the end."""

    id: UUID
    deadline_at: datetime
    state: str
    closed_by: str
    heard: int
    panel: int


@dataclass(frozen=True, slots=True)
class Votes:
    """How many votes are in one *state* for one reason."""

    state: str
    error_kind: str
    count: int

    @property
    def is_answered(self) -> bool:
        """Whether a call's outcome is recorded on it."""
        return self.state not in NOT_ANSWERED and self.error_kind not in NOT_ANSWERED

    @property
    def label(self) -> str:
        """State and reason in a few words."""
        return f"{self.state}: {self.error_kind}" if self.error_kind else self.state


def runs(line: Line) -> list[Run]:
    """Return every run, oldest first."""
    with line.cursor(row_factory=class_row(Run)) as cursor:
        return cursor.execute(RUNS).fetchall()


def votes(line: Line) -> list[Votes]:
    """Return how many votes there are of each state and reason."""
    with line.cursor(row_factory=class_row(Votes)) as cursor:
        return cursor.execute(VOTES).fetchall()


def slots(line: Line) -> dict[str, int]:
    """Return how many slots there are of each state, and how many are doubled or silently left out."""
    states = Counter({str(state): int(str(count)) for state, count in line.execute(SLOTS)})
    return {**states, "doubled": number(line, DOUBLED), "left out": number(line, SILENT)}


def unfinished(line: Line) -> tuple[int, datetime]:
    """Return how many runs are open, and the last of their deadlines."""
    row = line.execute(UNFINISHED).fetchone()
    assert row is not None
    count, last = row
    assert isinstance(count, int)
    assert isinstance(last, datetime)
    return count, last


def number(line: Line, query: str) -> int:
    """Return the one whole number that *query* yields."""
    row = line.execute(query).fetchone()
    assert row is not None
    return round(float(str(row[0])))
