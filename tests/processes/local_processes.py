"""A process of this machine in the shape of a container, so that pytest-celery can do without Docker."""

import signal as signals
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tests.processes import waits
from thalas.supervision import sessions
from thalas.supervision.processes import Process

START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0


class LocalProcess:
    """One program of the process table: started, watched, killed, and what it said.

    is_ready      asked until it says yes; None means ready as soon as it runs
    celeryconfig  what pytest-celery reads the addresses of a broker or backend from
    """

    def __init__(
        self,
        process: Process,
        *,
        environment: Mapping[str, str],
        log_dir: Path,
        is_ready: Callable[[], bool] | None = None,
        url: str = "",
    ) -> None:
        self.process = process
        self.name = process.name
        self.celeryconfig = {"url": url, "host_url": url}
        self.lives = 0
        self._environment = {**environment, **process.env}
        self._log = log_dir / f"{process.name}.test.log"
        self._is_ready = is_ready or process.is_ready or (lambda: True)
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def id(self) -> str:
        """The name again, as long as a container's id."""
        return self.name.ljust(12, "-")

    @property
    def pid(self) -> int:
        """The pid of its last life."""
        assert self._popen is not None, f"{self.name} was never started"
        return self._popen.pid

    @property
    def status(self) -> str:
        """How it is, in Docker's words."""
        return "running" if self._popen is not None and self._popen.poll() is None else "exited"

    @property
    def exit_code(self) -> int | None:
        """How its last life ended; minus the signal's number if by one."""
        return None if self._popen is None else self._popen.poll()

    def start(self) -> None:
        """Start it, unless it runs; do not wait."""
        if self.status == "running":
            return
        self.lives += 1
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(
                self.process.argv,
                env=self._environment,
                cwd=self.process.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def ready(self) -> bool:
        """Start it if needed and wait until it is ready."""
        self.start()
        waits.until(self._looks_ready, within_s=START_LIMIT_S, what=f"{self.name} is ready")
        return True

    def _looks_ready(self) -> bool:
        assert self.status == "running", f"{self.name} ended with {self.exit_code}:\n{self.logs()[-3000:]}"
        return self._is_ready()

    def kill(self, signal: str | int = "SIGKILL") -> None:
        """Send it a signal; for one that ends it, wait until it has ended."""
        if self._popen is None or self._popen.poll() is not None:
            return
        number = getattr(signals, signal) if isinstance(signal, str) else signals.Signals(signal)
        self._popen.send_signal(number)
        if number in (signals.SIGKILL, signals.SIGTERM):
            self._end()

    def _end(self) -> None:
        assert self._popen is not None
        give_up_at = time.monotonic() + STOP_LIMIT_S
        while self._popen.poll() is None and time.monotonic() < give_up_at:
            time.sleep(waits.PAUSE_S)
        leader = self._popen.pid
        left = sessions.kill(lambda: sessions.members(leader))
        self._popen.wait(timeout=STOP_LIMIT_S)
        assert not left, f"{self.name} left {left} running"

    def reload(self) -> None:
        """Do nothing: a process is always looked at afresh."""

    def restart(self, timeout: float = STOP_LIMIT_S) -> None:
        """Kill it if it still runs, start it again, wait until it is ready."""
        self.kill()
        self.ready()

    def teardown(self) -> None:
        """End it for good, whatever state it is in."""
        self.kill("SIGCONT")  # one that was halted takes no other signal but SIGKILL
        self.kill()

    def logs(self) -> str:
        """Return everything it has said in all its lives."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def children(self) -> list[psutil.Process]:
        """Return the processes it has started itself."""
        return psutil.Process(self.pid).children(recursive=True)
