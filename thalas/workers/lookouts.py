"""A worker's look at the guards' work: with both of them down for a moment, runs still close in time."""

import threading
import time

import structlog
from django.db import DatabaseError, InterfaceError, connection

from thalas.selectors import clock
from thalas.services import guards

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5


def start() -> threading.Thread:
    """Look in a thread of its own, beside the worker's calls."""
    thread = threading.Thread(target=_keep_looking, name="lookout", daemon=True)
    thread.start()
    return thread


def _keep_looking() -> None:
    is_more = False
    while True:
        if not is_more:
            time.sleep(LOOK_EVERY_S)
        is_more = look()


def look() -> bool:
    """Close what guards have overlooked; say whether more waits. A database that is away is waited for."""
    try:
        return guards.close_overlooked(now=clock.now()) == guards.CLOSE_BATCH
    except (DatabaseError, InterfaceError) as error:
        log.warning("database_away", error=type(error).__name__)
    except Exception as error:
        log.exception("lookout_failed", error=type(error).__name__)
    finally:
        connection.close()
    return False
