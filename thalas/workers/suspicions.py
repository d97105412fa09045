"""What was refused, counted in memory: a flood of forged messages costs neither rows nor log lines each."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import structlog

from thalas.workers.envelopes import Refused

log = structlog.get_logger(__name__)

TELL_EVERY_S = 60.0


class Ledger:
    """Counts by reason, until somebody takes them; each reason is told once in a minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()
        self._told_at: dict[str, float] = {}

    def note(self, refused: Refused, *, source: str) -> None:
        """Count a refusal of something that came from *source*."""
        now = self._clock()
        with self._lock:
            self._counts[refused.reason] += 1
            self._untold[refused.reason] += 1
            if now - self._told_at.get(refused.reason, -TELL_EVERY_S) < TELL_EVERY_S:
                return
            self._told_at[refused.reason] = now
            messages = self._untold.pop(refused.reason)
        log.warning(
            "messages_refused",
            reason=refused.reason,
            messages=messages,
            source=source[:80],
            example=refused.detail,
        )

    def take(self) -> dict[str, int]:
        """Return what was counted since the last taking."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return dict(taken)

    def put_back(self, counts: dict[str, int]) -> None:
        """Count again what was taken and could not be kept."""
        with self._lock:
            self._counts.update(counts)


LEDGER = Ledger()
