"""What a supervisor that was killed left running: found, asked to stop, and killed if it does not."""

import contextlib
from pathlib import Path

import psutil

from thalas.supervision import pidfiles, sessions

PATIENCE_S = 3.0


def stop_all(run_dir: Path) -> tuple[str, ...]:
    """Stop every process of a previous run out of *run_dir* and return their names; strangers are left alone.

    The files go only after the processes: if we die in between, the next one finds them still.
    """
    records = dict(pidfiles.read_all(run_dir))
    found = {name: _find(record, run_dir) for name, record in records.items()}
    leaders = {process for process in found.values() if process is not None}
    families = sessions.marked(run_dir).union(leaders, *(sessions.members(p.pid) for p in leaders))
    asked = leaders or families  # a leader stops its own children as it knows best
    for process in asked:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    sessions.wait(asked, limit_s=PATIENCE_S)
    sessions.kill(lambda: sessions.marked(run_dir) | {p for p in families if sessions.is_alive(p)})
    for name in records:
        pidfiles.remove(run_dir, name)
    names = tuple(name for name, process in found.items() if process is not None)
    return names or (("a process without a pid file",) if families else ())


def _find(record: pidfiles.PidRecord | None, run_dir: Path) -> psutil.Process | None:
    return None if record is None else pidfiles.find_living(record, run_dir)
