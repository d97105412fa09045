"""A Celery worker whose trend analyst kills the process, as a crash in some library would."""

import os
import signal
import sys

from celery.__main__ import main

from providers.voters import analysts, registry
from providers.voters.types import NOTHING, Answer, Brief, Usage


class Poison:
    """A voter that takes the whole process with it."""

    def worst_case(self, brief: Brief) -> Usage:
        """Return nothing."""
        return NOTHING

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Kill the process."""
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("nobody survives this")


if __name__ == "__main__":
    vars(registry)["ANALYSTS"] = {**analysts.ANALYSTS, "trend": Poison()}
    sys.exit(main())
