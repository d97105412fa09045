"""One supervisor per run folder, held by a lock that the system lets go when its holder dies."""

import fcntl
import os
from pathlib import Path
from typing import Self

from thalas.supervision.errors import AlreadyRunning, NotWritable

FILE_NAME = "supervisor.lock"


class RunLock:
    """The right to run processes out of *run_dir*."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, run_dir: Path) -> Self:
        """Take the lock and write our pid into it.

        Raises:  AlreadyRunning with the holder's pid; NotWritable.
        """
        path = run_dir / FILE_NAME
        try:
            # Python opens it close-on-exec: no child inherits it, so none outlives us with the lock.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:  # left by a run under sudo, for example
            raise NotWritable(f"{path} cannot be opened ({error.strerror}); remove it") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = _holder(descriptor)
            os.close(descriptor)
            who = "" if pid is None else f" (pid {pid})"
            raise AlreadyRunning(
                f"Thalas is already running in {run_dir}{who}; stop it first", pid=pid
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let the lock go; the file stays, since removing it would let two holders in at once."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0)
    return int(text) if text.isdigit() else None
