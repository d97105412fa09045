"""`manage.py guard`: close what is overdue, ask again for what was lost; needs only the database."""

import signal
import threading
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from types import FrameType
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, connection

from thalas import dispatch
from thalas.management.base import HouseCommand
from thalas.selectors import clock
from thalas.services import guards

log = structlog.get_logger(__name__)

SWEEP_EVERY_S = 0.2
RESEND_EVERY_S = 1.0
BEAT_EVERY_S = 2.0


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
        second = threading.Thread(target=loop, args=(stop, RESEND_EVERY_S, resend), daemon=True)
        third = threading.Thread(
            target=loop, args=(stop, BEAT_EVERY_S, beating(options["name"])), daemon=True
        )
        second.start()
        third.start()
        loop(stop, SWEEP_EVERY_S, sweep)


def loop(stop: threading.Event, every_s: float, turn: Callable[[datetime], None]) -> None:
    """Take a *turn* every *every_s* seconds until told to stop; a database that is away is waited for."""
    while not stop.wait(every_s):
        try:
            turn(clock.now())
        except (DatabaseError, InterfaceError) as error:
            log.warning("database_away", turn=turn.__name__, error=type(error).__name__)
            connection.close()
        except Exception as error:
            log.exception("turn_failed", turn=turn.__name__, error=type(error).__name__)


def sweep(now: datetime) -> None:
    """Close overdue runs and give up lost votes."""
    done = guards.sweep(now=now)
    if done.closed or done.given_up:
        log.info("swept", closed=done.closed, given_up=done.given_up)


def resend(now: datetime) -> None:
    """Ask again for votes that nobody is asking for."""
    sent = dispatch.resend(guards.votes_to_resend(now=now))
    if sent:
        log.info("resent", votes=sent)


def beating(name: str) -> Callable[[datetime], None]:
    """Return the turn that leaves a heartbeat under *name*."""

    def beat(now: datetime) -> None:
        guards.beat(name, now=now)

    return beat
