"""Celery's Redis result backend, without the listening.

Nobody here waits for a Celery result: votes and decisions are rows. The stock backend
subscribes to a channel for every header task of a chord when it is published, which
costs a round trip each, and raises "the application must be restarted" once the
broker has been away. Chords only need their counters, and those stay as they are.
"""

from celery.backends.redis import RedisBackend
from celery.result import AsyncResult


class UnheardRedisBackend(RedisBackend):
    """Counts chords and stores results; listens to none."""

    def add_pending_result(self, result: "AsyncResult[object]", weak: bool = False) -> "AsyncResult[object]":
        """Return *result* without subscribing to its channel."""
        return result


def backend_url(broker_url: str) -> str:
    """Return the URL that makes Celery keep results in the broker's Redis through this backend."""
    return f"{__name__}:{UnheardRedisBackend.__name__}+{broker_url.removeprefix('redis+')}"
