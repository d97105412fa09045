"""Keeps a few processes alive: starts them in order, restarts what dies, and leaves nothing behind.

Driven from the caller's own loop: `claim` before ports are looked at, `start` once, `tick` every
0.1 s or so, `stop` at the end.
"""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from thalas.supervision import folders, leftovers, logfiles, sessions, stopping
from thalas.supervision.children import Child
from thalas.supervision.locks import RunLock
from thalas.supervision.processes import EventKind, Process, ProcessEvent, ProcessStatus

# Together with the fractions of a second that kills take, less than the ten seconds promised.
STOP_LIMIT_S = 6.0
STOP_LAST_LIMIT_S = 3.0


def _never() -> bool:
    return False


class Supervisor:
    """The processes of one Thalas, run out of *run_dir* with their logs in *log_dir*."""

    def __init__(
        self,
        processes: Sequence[Process],
        *,
        run_dir: Path,
        log_dir: Path,
        on_event: Callable[[ProcessEvent], None],
    ) -> None:
        twice = [name for name, count in Counter(p.name for p in processes).items() if count > 1]
        if twice:
            raise ValueError(f"two processes are called {twice[0]}")
        self._run_dir = run_dir
        self._log_dir = log_dir
        self._on_event = on_event
        self._lock: RunLock | None = None
        self._children = [Child(p, run_dir=run_dir, log_dir=log_dir) for p in processes]

    @property
    def is_ready(self) -> bool:
        """Whether every process runs and has said that it is ready."""
        return all(child.is_ready for child in self._children)

    @property
    def failing(self) -> tuple[str, ...]:
        """The names of those that died within 10 s of their start five times in a row."""
        return tuple(c.process.name for c in self._children if c.backoff.is_failing)

    @property
    def statuses(self) -> tuple[ProcessStatus, ...]:
        """How each process is at this moment."""
        return tuple(child.status for child in self._children)

    def claim(self) -> None:
        """Take the run folder and stop what a killed run left; the ports it held are free after this.

        Raises:  AlreadyRunning; NotWritable.
        """
        if self._lock is not None:
            return
        folders.prepare(self._run_dir)
        folders.prepare(self._log_dir)
        self._lock = RunLock.take(self._run_dir)
        for name in leftovers.stop_all(self._run_dir):
            self._tell(EventKind.LEFTOVER, name, f"{name} was left by a killed run; stopped it")

    def start(self) -> None:
        """Claim the run folder, if that is not done, and start what may start at once.

        Raises:  AlreadyRunning; NotWritable.
        """
        self.claim()
        self.tick()

    def tick(self) -> None:
        """Look at each process once, without waiting: start what is due, notice what died or became ready."""
        for child in self._children:
            if not child.is_started:
                self._start_if_due(child)
            elif child.has_died():
                self._after_death(child, child.bury())
            else:
                self._look_after(child)

    def run(self, until: Callable[[], object], *, interval_s: float = 0.1) -> None:
        """Tick every *interval_s* until *until* says so."""
        while not until():
            self.tick()
            time.sleep(interval_s)

    def stop(self, *, is_hurried: Callable[[], bool] = _never) -> None:
        """Stop everything within ten seconds, the broker last; at once when *is_hurried* says so.

        May be repeated. A process that cannot be killed is told of by an event.
        """
        if self._lock is None:
            return
        others = [c for c in self._children if not c.process.stops_last]
        last = [c for c in self._children if c.process.stops_last]
        stopping.stop(others, limit_s=STOP_LIMIT_S, is_hurried=is_hurried, tell=self._tell)
        stopping.stop(last, limit_s=STOP_LAST_LIMIT_S, is_hurried=is_hurried, tell=self._tell)
        for survivor in sessions.kill(lambda: sessions.marked(self._run_dir)):
            self._tell(EventKind.SURVIVED, f"pid {survivor.pid}", f"pid {survivor.pid} could not be killed")
        self._lock.release()
        self._lock = None

    def _start_if_due(self, child: Child) -> None:
        lower = [c for c in self._children if c.process.tier < child.process.tier]
        if time.monotonic() < child.due_at or not all(c.is_ready for c in lower):
            return
        name = child.process.name
        try:
            child.start()
        except OSError as error:
            self._after_death(child, f"cannot be started: {error.strerror or error}")
            return
        child.is_ready = child.process.is_ready is None
        if child.starts == 1:
            self._tell(EventKind.STARTED, name, f"{name} started")
        else:
            self._tell(EventKind.RESTARTED, name, f"{name} died ({child.last_words}), restarted")

    def _look_after(self, child: Child) -> None:
        name, alive_s = child.process.name, time.monotonic() - child.started_at
        child.backoff.lived(alive_s=alive_s)
        if child.is_ready or child.process.is_ready is None:
            return
        child.is_ready = child.process.is_ready()
        if child.is_ready:
            self._tell(EventKind.READY, name, f"{name} is ready after {alive_s:.1f} s")
        elif alive_s > child.process.ready_timeout_s and not child.is_slow_told:
            child.is_slow_told = True
            text = f"{name} runs but is not ready after {alive_s:.0f} s"
            self._tell(EventKind.UNREADY, name, text, logfiles.tail(child.log))

    def _after_death(self, child: Child, last_words: str) -> None:
        name, now = child.process.name, time.monotonic()
        was_failing = child.backoff.is_failing
        delay_s = child.backoff.died(alive_s=now - child.started_at)
        child.due_at = now + delay_s
        child.last_words = last_words
        self._tell(EventKind.DIED, name, f"{name} died ({last_words}), starts again in {delay_s:.1f} s")
        if child.backoff.is_failing and not was_failing:
            text = f"{name} keeps dying right after its start ({last_words}); the end of {child.log}:"
            self._tell(EventKind.FAILING, name, text, logfiles.tail(child.log))

    def _tell(self, kind: EventKind, name: str, text: str, log_tail: tuple[str, ...] = ()) -> None:
        # A screen that is gone must not keep us from stopping what runs.
        with contextlib.suppress(OSError):
            self._on_event(ProcessEvent(kind, name, text, log_tail))
