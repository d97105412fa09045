"""`python -m tests.processes.shifted_beats SECONDS …`: the celery command on a clock that is that much ahead.

The clock is changed before anything else is imported, so that everything that asks Python for the
time gets the wrong one; the monotonic clock, which measures intervals, is left as it is.
"""

import datetime as dt
import sys
import time
from collections.abc import Callable
from typing import Any

Right = dt.datetime
STARTS = "it starts now"


def shift(seconds: float) -> None:
    """Make Python's wall clock run *seconds* ahead, in this process and for good."""
    ahead = dt.timedelta(seconds=seconds)
    right_time, right_time_ns = time.time, time.time_ns

    class Kind(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, Right)  # what the C code makes is of the right kind, too

    class Wrong(Right, metaclass=Kind):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> Any:
            return Right.now(tz) + ahead

        @classmethod
        def utcnow(cls) -> Any:
            return Right.now(dt.UTC).replace(tzinfo=None) + ahead

    dt.datetime = Wrong  # type: ignore[misc]
    time.time = lambda: right_time() + seconds
    time.time_ns = lambda: right_time_ns() + round(seconds * 1e9)


def _celery() -> Callable[[], object]:
    # None of these may be imported before the clock is wrong.
    import django  # noqa: PLC0415
    from celery.__main__ import main  # noqa: PLC0415

    django.setup()
    return main


if __name__ == "__main__":
    shift(float(sys.argv.pop(1)))
    start = _celery()
    print(STARTS, flush=True)
    start()
