"""What was refused is counted in full, told once a minute, and kept as soon as the database allows it."""

from datetime import UTC, datetime, timedelta

import pytest
import structlog
from django.db import OperationalError

from thalas import models
from thalas.services import refusals
from thalas.workers import books
from thalas.workers.envelopes import Refused
from thalas.workers.suspicions import Ledger

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


def test_a_flood_is_counted_in_full_and_told_once_a_minute() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    with structlog.testing.capture_logs() as told:
        for _ in range(500):
            ledger.note(Refused("malformed", "x" * 1000), source="votes")
        ledger.note(Refused("headers"), source="votes")
        clock.at += 61
        ledger.note(Refused("malformed"), source="votes")
    assert [(line["reason"], line["messages"]) for line in told] == [
        ("malformed", 1),
        ("headers", 1),
        ("malformed", 500),
    ]
    assert ledger.take() == {"malformed": 501, "headers": 1}
    assert ledger.take() == {}


@pytest.mark.django_db
def test_each_reason_is_one_row_that_grows() -> None:
    refusals.count("malformed", now=NOW, times=3)
    refusals.count("malformed", now=NOW + timedelta(seconds=5))
    refusals.count("malformed", now=NOW + timedelta(seconds=2))  # another worker, a little late
    row = models.Refusal.objects.get()
    assert (row.count, row.first_at, row.last_at) == (5, NOW, NOW + timedelta(seconds=5))


@pytest.mark.django_db(transaction=True)
def test_with_the_database_away_the_counts_wait_in_memory() -> None:
    ledger = Ledger()
    ledger.note(Refused("malformed"), source="votes")

    def away() -> datetime:
        raise OperationalError("away")

    books.enter(ledger, clock=away)
    assert not models.Refusal.objects.exists()
    books.enter(ledger, clock=lambda: NOW)
    assert models.Refusal.objects.get().count == 1
    assert ledger.take() == {}
