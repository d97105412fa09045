"""Ctrl-C and its kin as a flag that a loop may ask, instead of an exception in the middle of something."""

import contextlib
import signal
import time
from collections.abc import Iterator
from types import FrameType

# Wrappers (uv run, make, npm) pass a Ctrl-C on that the terminal has also sent us: the same one, twice.
SAME_PRESS_S = 0.3


class StopFlag:
    """How often we were asked to stop: once means soon, twice means now."""

    def __init__(self) -> None:
        self.count = 0
        self._asked_at = 0.0

    @property
    def is_set(self) -> bool:
        """Whether we were asked to stop."""
        return self.count > 0

    @property
    def is_hurried(self) -> bool:
        """Whether we were asked a second time."""
        return self.count > 1

    def ask(self, number: int) -> None:
        """Count one request to stop, by signal *number*."""
        now = time.monotonic()
        is_new = self.count == 0 or now - self._asked_at >= SAME_PRESS_S
        # A closing terminal sends SIGHUP through the kernel and through the shell: no sign of impatience.
        if is_new and (self.count == 0 or number != signal.SIGHUP):
            self.count += 1
            self._asked_at = now


@contextlib.contextmanager
def signals() -> Iterator[StopFlag]:
    """Turn SIGINT, SIGTERM and SIGHUP into the flag given, and put back what was there; main thread only."""
    flag = StopFlag()

    def remember(number: int, _: FrameType | None) -> None:
        flag.ask(number)

    before = {n: signal.signal(n, remember) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield flag
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
