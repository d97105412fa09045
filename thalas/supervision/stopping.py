"""Stops a handful of processes side by side within a time limit."""

import time
from collections.abc import Callable, Sequence

from thalas.supervision.children import Child
from thalas.supervision.processes import EventKind

PAUSE_S = 0.05


def stop(
    children: Sequence[Child],
    *,
    limit_s: float,
    is_hurried: Callable[[], bool],
    tell: Callable[[EventKind, str, str], None],
) -> None:
    """Ask all *children* to stop at once and kill each that takes longer than it may, or than *limit_s*."""
    running = [child for child in children if child.is_started]
    asked_at = time.monotonic()
    for child in running:
        child.ask_to_stop()
    while running:
        waited_s = time.monotonic() - asked_at
        for child in list(running):
            if child.has_died():
                _report(child, EventKind.STOPPED, "stopped", tell)
                running.remove(child)
            elif is_hurried() or waited_s >= min(limit_s, child.process.stop_timeout_s):
                _kill(child, waited_s, tell)
                running.remove(child)
        if running:
            time.sleep(PAUSE_S)


def _kill(child: Child, waited_s: float, tell: Callable[[EventKind, str, str], None]) -> None:
    survivors = child.kill()
    if (
        survivors and not child.has_died()
    ):  # in the kernel's hands, on a disk that does not answer for example
        tell(EventKind.SURVIVED, child.process.name, f"{child.process.name} could not be killed")
        return
    _report(child, EventKind.KILLED, f"killed, it had not stopped within {waited_s:.1f} s", tell)


def _report(child: Child, kind: EventKind, what: str, tell: Callable[[EventKind, str, str], None]) -> None:
    child.bury()
    tell(kind, child.process.name, f"{child.process.name} {what}")
