"""A witness at the database: while runs are overdue it writes down who holds what, in case that is missed."""

import contextlib
import threading
from dataclasses import dataclass, field

import psycopg

LOOK_EVERY_S = 0.5
OVERDUE = (
    "SELECT count(*), max(clock_timestamp() - deadline_at) FROM thalas_run "
    "WHERE state = 'open' AND deadline_at < clock_timestamp() - interval '2 s'"
)
# Who is in a transaction, since when, what it waits for and for whom.
SESSIONS = """
    SELECT pid, state, wait_event, clock_timestamp() - xact_start, clock_timestamp() - state_change,
        pg_blocking_pids(pid), left(query, 160)
    FROM pg_stat_activity WHERE xact_start IS NOT NULL AND pid <> pg_backend_pid()
    ORDER BY xact_start LIMIT 12
"""


@dataclass(slots=True)
class Witness:
    """Looks at the database *url* now and then, until told to stop, and keeps what it *saw*."""

    url: str
    saw: list[str] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> threading.Thread:
        """Look in a thread of its own."""
        thread = threading.Thread(target=self._watch, daemon=True)
        thread.start()
        return thread

    def stop(self) -> None:
        """Look no more."""
        self._done.set()

    def _watch(self) -> None:
        while not self._done.is_set():
            with contextlib.suppress(psycopg.Error), psycopg.connect(self.url, autocommit=True) as line:
                while not self._done.wait(LOOK_EVERY_S):
                    self._look(line)
            self._done.wait(LOOK_EVERY_S)  # the database is away

    def _look(self, line: "psycopg.Connection[tuple[object, ...]]") -> None:
        row = line.execute(OVERDUE).fetchone()
        if row is None or not row[0]:
            return
        moment = line.execute("SELECT clock_timestamp()").fetchone()
        self.saw.append(f"{moment and moment[0]} {row[0]} runs overdue for up to {row[1]}")
        self.saw += [f"    {' | '.join(map(str, session))}" for session in line.execute(SESSIONS)]
