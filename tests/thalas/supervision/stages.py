"""A stage for a supervisor: small real processes, a folder, and all that was told."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.processes import waits
from thalas.supervision.processes import EventKind, Process, ProcessEvent
from thalas.supervision.supervisor import Supervisor


def python(name: str, code: str, **options: object) -> Process:
    """A process that runs *code*."""
    return Process(name=name, argv=(sys.executable, "-S", "-c", code), **options)  # type: ignore[arg-type]


def wait_for(condition: Callable[[], object], *, limit_s: float = 20.0) -> None:
    """Wait until *condition* holds, and fail if it does not."""
    waits.until(condition, within_s=limit_s, what="what is waited for")


class Stage:
    """A supervisor in a folder of its own, with all that it told."""

    def __init__(self, folder: Path) -> None:
        self.run_dir = folder / "run"
        self.log_dir = folder / "log"
        self.events: list[ProcessEvent] = []
        self.supervisors: list[Supervisor] = []

    def supervise(self, processes: Sequence[Process]) -> Supervisor:
        """A supervisor over *processes*, not started."""
        supervisor = Supervisor(
            processes, run_dir=self.run_dir, log_dir=self.log_dir, on_event=self.events.append
        )
        self.supervisors.append(supervisor)
        return supervisor

    def told(self, kind: EventKind) -> list[ProcessEvent]:
        """The events of one kind."""
        return [event for event in self.events if event.kind is kind]

    def number_in(self, path: Path) -> int:
        """The pid that a child wrote into *path*, waited for."""
        wait_for(lambda: path.exists() and path.read_text().strip())
        return int(path.read_text())


def pid_of(supervisor: Supervisor, name: str) -> int:
    """The pid of process *name*, which must run."""
    (pid,) = (status.pid for status in supervisor.statuses if status.name == name)
    assert pid is not None
    return pid
