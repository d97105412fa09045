"""Runs opened at a steady rate beside whatever a test does meanwhile, and how they fared."""

import contextlib
import statistics
import threading
import time
from collections.abc import Iterable, Iterator

from django.db import DatabaseError, InterfaceError, connection

from tests.processes import waits
from thalas import dispatch, models
from thalas.selectors import clock
from thalas.services.councils import Question


class Load:
    """What was opened so far; *refused* counts what was not accepted because the database was away."""

    def __init__(self) -> None:
        self.opened: list[models.Run] = []
        self.refused = 0

    def convene(self, question: Question) -> None:
        """Open a run, or count that it was refused."""
        try:
            self.opened.append(dispatch.convene(question, now=clock.now()))
        except (DatabaseError, InterfaceError):
            connection.close()
            self.refused += 1

    def await_count(self, count: int, *, within_s: float) -> None:
        """Wait until so many runs were opened."""
        waits.until(lambda: len(self.opened) >= count, within_s=within_s, what=f"{count} runs are open")


@contextlib.contextmanager
def steady(question: Question, *, per_s: float) -> Iterator[Load]:
    """Open runs on *question* at a fixed rate until the block ends; one that is late is caught up with."""
    load, stop, started = Load(), threading.Event(), time.monotonic()

    def work() -> None:
        number = 0
        while not stop.wait(max(0.0, started + number / per_s - time.monotonic())):
            load.convene(question)
            number += 1
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield load
    finally:
        stop.set()
        thread.join()


def latencies_s(closed: Iterable[models.Run]) -> list[float]:
    """Return the seconds from opening to closing of each run."""
    return [run.decision.latency_ms / 1000.0 for run in closed]


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]
