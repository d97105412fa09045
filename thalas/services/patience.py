"""Wait for a database that is away: a claim or an answer in hand is worth some seconds of patience."""

from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random

T = TypeVar("T")

# Random, or all who lost the database together would come back together.
WAIT_S = (0.1, 0.4)


def through_outage(step: Callable[[], T], *, within_s: float) -> T:
    """Return what *step* returns; while the database is away, take it again for up to *within_s* seconds.

    *step* may have happened although its reply was lost, so it must be harmless to take twice.

    Raises:  what *step* raised last.
    """
    try:  # almost always the whole story, and the machinery below costs more than a statement
        return step()
    except Exception as error:
        if within_s <= 0 or not is_away(error):
            raise
        connection.close()
    retrying = Retrying(
        retry=retry_if_exception(is_away),
        stop=stop_after_delay(within_s),
        wait=wait_random(*WAIT_S),
        before_sleep=_hang_up,
        reraise=True,
    )
    return retrying(step)


def is_away(error: BaseException) -> bool:
    """Say whether *error* means that the database cannot be reached now, and a new connection may help.

    SQLite is a file: what it calls operational is a missing table or a full disk. Inside a
    transaction there is nothing to try again: what came before it is gone, too.
    """
    is_server = connection.vendor == "postgresql" and not connection.in_atomic_block
    return is_server and isinstance(error, OperationalError | InterfaceError | InternalError)


def _hang_up(_: RetryCallState) -> None:
    # The connection is as good as dead; the next statement makes a new one.
    connection.close()
