"""Everything a process has begotten, found by its session and by a mark in the environment.

Each supervised process leads a session of its own. Its children stay in it when their parent dies, so
they can be found again; one that opens a session of its own still carries the mark.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psutil

MARK = "THALAS_SUPERVISED_IN"
PAUSE_S = 0.02


def mark_of(run_dir: Path) -> str:
    """Return the value of `MARK` for processes run out of *run_dir*."""
    return str(run_dir.resolve())


def is_alive(process: psutil.Process) -> bool:
    """Whether *process* still runs; a zombie, and a stranger with its pid, do not count."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # it is there, but we may not look
        return True


def is_marked(process: psutil.Process, run_dir: Path) -> bool:
    """Whether *process* or an ancestor of it was started out of *run_dir*."""
    with contextlib.suppress(psutil.Error, OSError):
        return process.environ().get(MARK) == mark_of(run_dir)
    return False


def members(leader_pid: int) -> set[psutil.Process]:
    """Return the living processes of the session that *leader_pid* leads or led."""
    pids = (pid for pid in psutil.pids() if _session_of(pid) == leader_pid)
    return {process for process in _open(pids) if is_alive(process)}


def marked(run_dir: Path) -> set[psutil.Process]:
    """Return the living processes that were started out of *run_dir*, ourselves excepted."""
    pids = (pid for pid in psutil.pids() if pid != os.getpid())
    return {process for process in _open(pids) if is_marked(process, run_dir) and is_alive(process)}


def kill(find: Callable[[], set[psutil.Process]], *, limit_s: float = 0.5) -> set[psutil.Process]:
    """Kill what *find* returns until it returns nothing, and return what is left after *limit_s*.

    Asked again and again because a process can fork between being seen and being killed.
    """
    give_up_at = time.monotonic() + limit_s
    while found := find():
        for process in found:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if time.monotonic() >= give_up_at:
            return find()
        time.sleep(PAUSE_S)
    return set()


def wait(processes: set[psutil.Process], *, limit_s: float) -> None:
    """Wait until none of *processes* runs, *limit_s* at most.

    Not `psutil.wait_procs`: it also waits for zombies to be taken away, which the first process of some
    containers never does.
    """
    give_up_at = time.monotonic() + limit_s
    while any(is_alive(process) for process in processes) and time.monotonic() < give_up_at:
        time.sleep(PAUSE_S)


def _open(pids: Iterable[int]) -> Iterator[psutil.Process]:
    # Not `psutil.process_iter`: its cache hides a process that has got the pid of one seen before.
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            yield psutil.Process(pid)


def _session_of(pid: int) -> int | None:
    with contextlib.suppress(OSError):
        return os.getsid(pid)
    return None
