"""A web process whose strangers may knock as often as they like, and whose runs are closed at once.

Both only let a fuzzer go on: without them it would soon read nothing but 429, or wait for deadlines.
"""

import sys
import threading
from datetime import timedelta

import django

django.setup()

import uvicorn  # noqa: E402

from thalas.api import limits  # noqa: E402
from thalas.management.commands.guard import loop  # noqa: E402
from thalas.selectors import clock  # noqa: E402
from thalas.services import guards  # noqa: E402

AHEAD = timedelta(hours=2)
SWEEP_EVERY_S = 0.1


def close_early() -> None:
    """Close whatever is open, as a guard would whose clock is ahead."""
    loop(threading.Event(), SWEEP_EVERY_S, lambda _: guards.sweep(now=clock.now() + AHEAD).is_full)


if __name__ == "__main__":
    limits.STRANGERS = ((1_000_000, 3600),)
    threading.Thread(target=close_early, daemon=True).start()
    sys.exit(uvicorn.main())
