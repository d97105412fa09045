"""A Celery worker that goes deaf soon after its start: it looks alive, and eats nothing."""

import sys
import time
from functools import cache
from typing import Any

from celery.__main__ import main
from kombu.transport.redis import MultiChannelPoller

HEARS_FOR_S = 6.0
DEAF = "from now on it is deaf"
STARTED = time.monotonic()
POLLER: Any = MultiChannelPoller
ASK_FOR_MESSAGES = POLLER._register_BRPOP


def _forget_to_ask(self: object, channel: object) -> None:
    """Ask the broker for the next message, for a while."""
    if time.monotonic() - STARTED < HEARS_FOR_S:
        ASK_FOR_MESSAGES(self, channel)
    else:
        _tell()


@cache
def _tell() -> None:
    """Say once that it is deaf."""
    print(DEAF, flush=True)


if __name__ == "__main__":
    POLLER._register_BRPOP = _forget_to_ask
    sys.exit(main())
