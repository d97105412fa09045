"""What the supervisor is asked to run, and what it tells about it."""

import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One program to keep alive.

    env         added to our own environment
    tier        started once everything of a lower tier is ready
    is_ready    asked now and then until it says yes; None means ready as soon as it runs; must not block
    stops_last  for the broker: stopped after all others are gone
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    tier: int = 0
    is_ready: Callable[[], bool] | None = None
    ready_timeout_s: float = 30.0
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout_s: float = 6.0
    stops_last: bool = False

    def __post_init__(self) -> None:
        if NAME.fullmatch(self.name) is None:
            raise ValueError(f"{self.name!r} cannot name a process; use small letters, digits and dashes")


class EventKind(StrEnum):
    """What happened to a process."""

    STARTED = "started"
    RESTARTED = "restarted"
    READY = "ready"
    UNREADY = "unready"  # runs, but has not become ready for too long; said once per life
    DIED = "died"
    FAILING = "failing"  # died again and again right after its start; said once
    LEFTOVER = "leftover"  # of a killed previous run; was stopped
    STOPPED = "stopped"
    KILLED = "killed"  # did not stop in time
    SURVIVED = "survived"  # could not even be killed


@dataclass(frozen=True, slots=True)
class ProcessEvent:
    """One thing that happened, with a sentence ready to be shown."""

    kind: EventKind
    process: str
    text: str
    log_tail: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n    ".join((self.text, *self.log_tail))


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """How one process is at this moment; *pid* is None while it waits for its turn or its next try."""

    name: str
    pid: int | None
    is_ready: bool
    is_failing: bool
    restarts: int
    log: Path
