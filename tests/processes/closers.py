"""A process that closes runs: each line that it reads names some, and all of them are closed at once.

It answers each line with the names of what was raised, as a list in JSON.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from uuid import UUID

import django
from django.db import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thalas.settings")
django.setup()

from tests.thalas.services.threads import at_once  # noqa: E402
from thalas import models  # noqa: E402
from thalas.selectors import clock  # noqa: E402
from thalas.services import closings  # noqa: E402

BATCH = 8
TRIES = 20


def close(run_id: str) -> str:
    """Close one run as its chord's callback does; return what was raised, if anything.

    Who waits for a lock longer than any may on a busy machine tries again: else a guard would close the run.
    """
    for _ in range(TRIES):
        try:
            closings.close_if_answered(UUID(run_id), by=closings.CHORD, now=clock.now())
        except OperationalError as error:
            if "lock timeout" not in str(error):
                return f"{type(error).__name__}: {error}"
        except Exception as error:  # noqa: BLE001  # the test that reads it decides
            return f"{type(error).__name__}: {error}"
        else:
            return ""
    return "every try ended in a lock timeout"


def sweep() -> str:
    """Close some of what is open in one transaction, as a guard does."""
    due = models.Run.objects.filter(state=models.Run.State.OPEN).order_by("deadline_at")
    closings.close_free(due, by=closings.GUARD, reason="a sweep", now=clock.now(), limit=BATCH)
    return ""


def main() -> None:
    """Do what each line says until there are no more."""
    for line in sys.stdin:
        job = json.loads(line)
        works: list[Callable[[], str]] = [partial(close, run_id) for run_id in job["runs"]]
        works += [sweep] * job["sweeps"]
        wrong = [raised for raised in at_once(*works) if raised] if works else []
        sys.stdout.write(json.dumps(wrong) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
