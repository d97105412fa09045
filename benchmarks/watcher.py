"""`python -m benchmarks.watcher`: says when each open run is seen closed, to within a few milliseconds.

A process of its own, so that looking takes no time from whoever opens runs. Its first line says
that it watches; then a run's id goes to standard output with the time, as soon as it is no longer open.
"""

import os
import sys
import time

import django

django.setup()

from django.db import connection  # noqa: E402

LOOK_EVERY_S = 0.004
# A look at many open runs is dear: it may take this share of the time.
MOST_SHARE = 0.2
WATCHING = "watching"
OPEN = "SELECT id FROM thalas_run WHERE state = 'open'"


def open_runs() -> set[str]:
    """Return the ids of the runs that are open, as hexadecimal digits."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN)
        return {str(row[0]).replace("-", "") for row in cursor.fetchall()}


def main() -> None:
    """Watch until stopped, or left alone."""
    parent, before = os.getppid(), open_runs()
    sys.stdout.write(f"{WATCHING}\n")
    sys.stdout.flush()
    while os.getppid() == parent:  # else whoever listened was killed
        began = time.time()
        now_open = open_runs()
        seen_at = time.time()
        for run in before - now_open:
            sys.stdout.write(f"{run} {seen_at!r}\n")
        if before - now_open:
            sys.stdout.flush()
        before = now_open
        time.sleep(max(LOOK_EVERY_S, (seen_at - began) / MOST_SHARE))


if __name__ == "__main__":
    main()
