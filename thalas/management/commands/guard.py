"""`manage.py guard`: close what is overdue, ask again for what was lost; needs only the database."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta
from types import FrameType
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection

from thalas import canaries, dispatch
from thalas.management.base import HouseCommand
from thalas.selectors import clock
from thalas.services import guards

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 0.2
RESEND_EVERY_S = 1.0
BEAT_EVERY = timedelta(seconds=2)
CANARY_EVERY = timedelta(seconds=4)


class Command(HouseCommand):
    is_service = True
    help = "Watch over open runs until told to stop; run two of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", default="guard-1", help="under which its heartbeat is kept")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def on_signal(_number: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)
        # The second loop talks to the broker and may hang with it; the first must not notice.
        threading.Thread(target=loop, args=(stop, RESEND_EVERY_S, Resending()), daemon=True).start()
        loop(stop, SWEEP_EVERY_S, Sweeping(options["name"]))


def loop(stop: threading.Event, every_s: float, turn: Callable[[datetime], bool]) -> None:
    """Take a *turn* every *every_s* seconds until told to stop, or at once if it says that more waits.

    A database that is away is waited for.
    """
    is_more = False
    while not stop.wait(0.0 if is_more else every_s):
        is_more = False
        try:
            is_more = turn(clock.now())
        except (DatabaseError, InterfaceError) as error:
            log.warning("database_away", error=type(error).__name__)
            connection.close()
        except Exception as error:
            log.exception("turn_failed", error=type(error).__name__)


class Sweeping:
    """The guard's first loop. A heartbeat follows a finished sweep: a guard that hangs in one looks dead."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._beaten_at: datetime | None = None

    def __call__(self, now: datetime) -> bool:
        """Close overdue runs, give up lost votes, leave a sign of life now and then; say if more waits."""
        done = guards.sweep(now=now)
        if done.closed or done.given_up:
            log.info("swept", closed=done.closed, given_up=done.given_up)
        if self._beaten_at is None or now - self._beaten_at >= BEAT_EVERY:
            guards.beat(self._name, now=now)
            self._beaten_at = now
        return done.is_full


class Resending:
    """The guard's second loop, which may hang with the broker: lost votes, and a canary for each queue."""

    def __init__(self) -> None:
        self._canaries_at: datetime | None = None

    def __call__(self, now: datetime) -> bool:
        """Ask again for votes that nobody is asking for; now and then see whether the queues are eaten."""
        sent = dispatch.resend(now=now)
        if sent:
            log.info("resent", votes=sent)
        if self._canaries_at is None or now - self._canaries_at >= CANARY_EVERY:
            canaries.send()
            self._canaries_at = now
        return False
