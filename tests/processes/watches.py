"""Somebody outside who looks at the database all the time: when was a run seen closed, when was it away."""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import psycopg

PAUSE_S = 0.05
NAME = "watch"
CLOSED = "SELECT id FROM thalas_run WHERE state <> 'open' AND NOT id = ANY(%s)"


@dataclass(slots=True)
class Watch:
    """What was seen, by the clock that the database has, too; *up_at* is when it came back last."""

    seen_at: dict[UUID, datetime] = field(default_factory=dict)
    up_at: datetime | None = None
    is_away: bool = False

    def look(self, line: psycopg.Connection[tuple[UUID]]) -> None:
        """Note what has been closed since the last look."""
        found = line.execute(CLOSED, [list(self.seen_at)]).fetchall()
        now = datetime.now(UTC)
        if self.is_away:
            self.is_away, self.up_at = False, now
        for (run_id,) in found:
            self.seen_at[run_id] = now

    def late_s(self, run_id: UUID, deadline_at: datetime) -> float:
        """Return how long after its deadline, or the database's return, a run was seen closed."""
        due_at = deadline_at if self.up_at is None else max(deadline_at, self.up_at)
        seen_at = self.seen_at[run_id]
        # What was closed before the database went was in time whenever it came back.
        return (seen_at - (due_at if seen_at > due_at else deadline_at)).total_seconds()


@contextlib.contextmanager
def over(url: str) -> Iterator[Watch]:
    """Watch the runs in the database at *url* until the block ends."""
    watch, stop = Watch(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            try:
                with psycopg.connect(url, autocommit=True, connect_timeout=2, application_name=NAME) as line:
                    while not stop.wait(PAUSE_S):
                        watch.look(line)
            except psycopg.OperationalError:
                watch.is_away = True
                time.sleep(PAUSE_S)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()
