"""A worker's watch over itself: it listens for its own canaries, and gives up when it turns out to be deaf.

After a broken connection a Celery worker can look alive, answer pings and eat nothing. So each one
sends itself messages through a queue of its own, beside its real ones. They count as heard when they
are received, so a worker whose threads are all busy is not deaf.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

SING_EVERY_S = 1.5
# The sixth turn finds five canaries that the broker took and nobody heard, 7.5 s after the first.
DEAF_AFTER = 5
LAST_CALLS_S = 5.0
EXIT_CODE = os.EX_TEMPFAIL


@dataclass(slots=True)
class Watch:
    """The canaries that the broker took and that were not heard, in a row.

    They are counted, not timed: a process that was stopped for an hour has missed one turn.
    """

    unheard: int = 0

    @property
    def is_deaf(self) -> bool:
        """Whether enough canaries went unheard."""
        return self.unheard >= DEAF_AFTER

    def sent(self) -> None:
        """Note that the broker took a canary."""
        self.unheard += 1

    def excuse(self) -> None:
        """Note that none could be heard now: the broker is away, or the worker has its hands full."""
        self.unheard = 0

    heard = excuse


@dataclass(frozen=True, slots=True)
class Ear:
    """What a watch asks of its worker.

    sing         sends a canary; False if the broker did not take it
    has_room     whether a message that arrived now would be received
    is_busy      whether calls are under way
    is_stopping  whether it was told to stop, and hears nothing any more
    """

    sing: Callable[[], bool]
    has_room: Callable[[], bool]
    is_busy: Callable[[], bool]
    is_stopping: Callable[[], bool]


def keep(watch: Watch, ear: Ear) -> None:
    """Watch until the worker stops, or turns out deaf and is ended."""
    while not ear.is_stopping():
        if _is_deaf(watch, ear):
            _end(ear)
        time.sleep(SING_EVERY_S)


def _is_deaf(watch: Watch, ear: Ear) -> bool:
    try:
        return take_turn(watch, ear)
    except Exception as error:
        log.exception("watch_failed", error=type(error).__name__)
        watch.excuse()
        return False


def take_turn(watch: Watch, ear: Ear) -> bool:
    """Sing once; say whether the worker is deaf."""
    if not ear.has_room():
        watch.excuse()
    elif watch.is_deaf:
        return True
    elif ear.sing():
        watch.sent()
    else:
        watch.excuse()
    return False


def start(watch: Watch, ear: Ear) -> threading.Thread:
    """Watch in a thread of its own."""
    thread = threading.Thread(target=keep, args=(watch, ear), name="watch", daemon=True)
    thread.start()
    return thread


def _end(ear: Ear) -> None:
    """End this process. The calls under way get a moment; what they leave is leased and asked for again."""
    log.error("worker_deaf", unheard_canaries=DEAF_AFTER, exit_code=EXIT_CODE)
    give_up_at = time.monotonic() + LAST_CALLS_S
    while ear.is_busy() and time.monotonic() < give_up_at:
        time.sleep(0.05)
    os._exit(EXIT_CODE)  # a clean exit would wait for the loop that no longer answers
