"""One supervised process: started, watched, asked to stop, killed with everything it has begotten."""

import contextlib
import os
import subprocess
import time
from pathlib import Path

import psutil

from thalas.supervision import logfiles, pidfiles, sessions
from thalas.supervision.backoffs import Backoff
from thalas.supervision.processes import Process, ProcessStatus


class Child:
    """A `Process` together with its present life, if it has one, and the memory of those before."""

    def __init__(self, process: Process, *, run_dir: Path, log_dir: Path) -> None:
        self.process = process
        self.log = log_dir / f"{process.name}.log"
        self.backoff = Backoff()
        self.starts = 0
        self.due_at = 0.0
        self.started_at = 0.0
        self.is_ready = False
        self.is_slow_told = False
        self.last_words = ""
        self._run_dir = run_dir
        self._popen: subprocess.Popen[bytes] | None = None
        self._seen: psutil.Process | None = None

    @property
    def is_started(self) -> bool:
        """Whether it was started and its death has not been noticed."""
        return self._popen is not None

    @property
    def status(self) -> ProcessStatus:
        """How it is at this moment."""
        pid = None if self._popen is None else self._popen.pid
        restarts = max(0, self.starts - 1)
        return ProcessStatus(
            self.process.name, pid, self.is_ready, self.backoff.is_failing, restarts, self.log
        )

    def start(self) -> None:
        """Start it in a session of its own, so that the terminal's Ctrl-C reaches the supervisor alone.

        Raises:  OSError where the program, its log or its pid file cannot be had; nothing runs then.
        """
        self.starts += 1
        self.started_at = time.monotonic()
        self.is_ready = self.is_slow_told = False
        environment = {**os.environ, **self.process.env, sessions.MARK: sessions.mark_of(self._run_dir)}
        with logfiles.open_fresh(self.log) as log:
            self._popen = subprocess.Popen(  # noqa: S603  # the caller's own table of programs, no shell
                self.process.argv,
                env=environment,
                cwd=self.process.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            # It cannot be gone yet: even if it has died, only we can take its zombie away.
            self._seen = psutil.Process(self._popen.pid)
            pidfiles.write(self._run_dir, self.process.name, self._seen)
        except OSError:
            self.kill()
            self.bury()
            raise

    def has_died(self) -> bool:
        """Whether the process itself has ended; its children may still run."""
        return self._seen is not None and not sessions.is_alive(self._seen)

    def bury(self) -> str:
        """Kill what a dead process left behind, take its exit status and return it in words.

        In this order: as long as the zombie keeps its pid, no stranger can lead a session of that number.
        """
        if self._popen is None:
            return "not running"
        popen, self._popen, self._seen = self._popen, None, None
        sessions.kill(lambda: sessions.members(popen.pid))
        with contextlib.suppress(OSError):
            pidfiles.remove(self._run_dir, self.process.name)
        self.is_ready = False
        code = popen.wait()
        return f"signal {-code}" if code < 0 else f"exit status {code}"

    def ask_to_stop(self) -> None:
        """Send the stop signal to the process alone; it stops its own children as it knows best."""
        if self._popen is not None and not self.has_died():
            self._popen.send_signal(self.process.stop_signal)

    def kill(self) -> set[psutil.Process]:
        """Kill it with its children and return those that survive even this."""
        popen = self._popen
        return set() if popen is None else sessions.kill(lambda: sessions.members(popen.pid))
