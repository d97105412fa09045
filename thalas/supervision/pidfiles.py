"""Which processes run out of a folder, written down so that the next run finds what a killed one left."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from thalas.supervision import sessions

# The system's start time moves when its clock is set; a pid used again within a second does not happen.
SAME_START_S = 1.0


@dataclass(frozen=True, slots=True)
class PidRecord:
    """A process by pid and by when it started: the pid alone may be somebody else's by now."""

    pid: int
    create_time: float
    name: str


def path_of(run_dir: Path, name: str) -> Path:
    """Return where the pid of process *name* is written down."""
    return run_dir / f"{name}.pid"


def write(run_dir: Path, name: str, process: psutil.Process) -> None:
    """Write *process* down as *name*, whole or not at all."""
    record = PidRecord(process.pid, process.create_time(), name)
    half = run_dir / f"{name}.pid.half"
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(record), file)
    half.replace(path_of(run_dir, name))


def remove(run_dir: Path, name: str) -> None:
    """Forget process *name*."""
    path_of(run_dir, name).unlink(missing_ok=True)


def read_all(run_dir: Path) -> Iterator[tuple[str, PidRecord | None]]:
    """Return each name written down in *run_dir* with its record, None where the file makes no sense."""
    for path in sorted(run_dir.glob("*.pid")):
        yield path.stem, _read(path)


def _read(path: Path) -> PidRecord | None:
    try:
        content = json.loads(path.read_text())
        return PidRecord(int(content["pid"]), float(content["create_time"]), str(content["name"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def find_living(record: PidRecord, run_dir: Path) -> psutil.Process | None:
    """Return the process that *record* means if it still lives; never a stranger that has its pid."""
    try:
        process = psutil.Process(record.pid)
        is_same = abs(process.create_time() - record.create_time) < SAME_START_S
    except (psutil.Error, ValueError, OverflowError):
        return None
    if sessions.is_alive(process) and (is_same or sessions.is_marked(process, run_dir)):
        return process
    return None
