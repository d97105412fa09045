"""Keeping what was refused: a worker's ledger goes to the database now and then, beside its work."""

import threading
import time
from collections.abc import Callable
from datetime import datetime

import structlog
from django.db import DatabaseError, InterfaceError, connection

from thalas.selectors import clock
from thalas.services import refusals
from thalas.workers.suspicions import Ledger

log = structlog.get_logger(__name__)

KEEP_EVERY_S = 1.0


def start(ledger: Ledger) -> threading.Thread:
    """Keep *ledger* in a thread of its own: the worker's loop never waits for the database."""
    thread = threading.Thread(target=_keep, args=(ledger,), name="books", daemon=True)
    thread.start()
    return thread


def _keep(ledger: Ledger) -> None:
    while True:
        time.sleep(KEEP_EVERY_S)
        try:
            enter(ledger, clock=clock.now)
        except Exception as error:
            log.exception("books_failed", error=type(error).__name__)


def enter(ledger: Ledger, *, clock: Callable[[], datetime]) -> None:
    """Add what was refused to its rows. With the database away it waits in memory."""
    counts = ledger.take()
    if not counts:
        return
    left = dict(counts)
    try:
        now = clock()
        for reason, times in counts.items():
            refusals.count(reason, now=now, times=times)
            del left[reason]
    except (DatabaseError, InterfaceError) as error:
        log.warning("refusals_not_kept", error=type(error).__name__)
        ledger.put_back(left)
    finally:
        connection.close()
