"""A process of this machine in the shape of a container, so that pytest-celery can do without Docker."""

import signal as signals
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.processes import waits
from thalas.supervision import sessions
from thalas.supervision.processes import Process

# A limit for tests, not a promise: several interpreters start side by side, on a machine that may be busy.
START_LIMIT_S = 90.0
# Longer than any process may take to end.
STOP_LIMIT_S = 40.0


class LocalProcess:
    """One program of the process table: started, watched, killed, and what it said.

    is_ready      asked until it says yes, once in each life; None means ready as soon as it runs
    celeryconfig  what pytest-celery reads the address of a broker or backend from
    """

    def __init__(
        self,
        process: Process,
        *,
        environment: Mapping[str, str],
        log: Path,
        is_ready: Callable[["LocalProcess"], bool] | None = None,
        url: str = "",
    ) -> None:
        self.process = process
        self.name = process.name
        self.celeryconfig = {"url": url, "host_url": url}
        self.lives = 0
        self._environment = {**environment, **process.env}
        self._log = log
        self._is_ready = is_ready
        self._was_ready_in = 0
        self._started_at = 0.0
        self._said_before = 0
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def id(self) -> str:
        """The name again; pytest-celery cuts it to twelve letters."""
        return self.name

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

    @property
    def age_s(self) -> float:
        """Seconds since its last start."""
        return time.monotonic() - self._started_at

    def start(self) -> None:
        """Start it, unless it runs; do not wait."""
        if self.status == "running":
            return
        self.lives += 1
        self._started_at = time.monotonic()
        self._said_before = len(self.logs())
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
        if self._was_ready_in != self.lives:
            waits.until(self._looks_ready, within_s=START_LIMIT_S, what=f"{self.name} is ready")
            self._was_ready_in = self.lives
        return True

    def _looks_ready(self) -> bool:
        assert self.status == "running", f"{self.name} ended with {self.exit_code}:\n{self.logs()[-3000:]}"
        return self._is_ready is None or self._is_ready(self)

    def kill(self, signal: str | int = "SIGKILL") -> None:
        """Send it a signal; if that is to end it, wait until it has ended."""
        if self._popen is None or self._popen.poll() is not None:
            return
        number = signals.Signals[signal] if isinstance(signal, str) else signals.Signals(signal)
        self._popen.send_signal(number)
        if number in (signals.SIGKILL, signals.SIGTERM):
            self._end(self._popen)

    def _end(self, popen: subprocess.Popen[bytes]) -> None:
        give_up_at = time.monotonic() + STOP_LIMIT_S
        while popen.poll() is None and time.monotonic() < give_up_at:
            time.sleep(waits.PAUSE_S)
        left = sessions.kill(lambda: sessions.members(popen.pid))
        popen.wait(timeout=STOP_LIMIT_S)
        assert not left, f"{self.name} left {left} running"

    def reload(self) -> None:
        """Do nothing: a process is always looked at afresh."""

    def restart(self, timeout: float = STOP_LIMIT_S) -> None:
        """Kill it if it still runs, start it again, wait until it is ready."""
        self.kill()
        self.ready()

    def teardown(self) -> None:
        """End it, whatever state it is in."""
        self.kill()

    @property
    def said(self) -> str:
        """What it has said in this life."""
        return self.logs()[self._said_before :]

    def logs(self) -> str:
        """Return everything it has said in all its lives."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""
