"""The outermost guard of a task: a chord whose header raises never reaches its callback."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog

from thalas.errors import NotFound
from thalas.workers.envelopes import Refused
from thalas.workers.suspicions import LEDGER

log = structlog.get_logger(__name__)

P = ParamSpec("P")


def never_raises(task: Callable[P, str]) -> Callable[P, str]:
    """Turn whatever *task* raises into a logged word; leases and the guard mend what it left undone."""

    @wraps(task)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return task(*args, **kwargs)
        except NotFound:  # sound in form, and of nothing that is here: forged, or deleted since
            LEDGER.note(Refused("unknown_id"), source=task.__name__)
            return "unknown"
        except Exception as error:
            log.exception("task_raised", task=task.__name__, error=type(error).__name__)
            return "error"

    return guarded
