"""Fifty orders want the last room at once: one gets it, whoever closes, and no commit leaves more held."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import transaction

from tests.processes import records, rooms, waits
from tests.processes.fleets import CORE, Fleet
from tests.processes.nodes import CeleryTestSetup
from tests.processes.rooms import ORDER_USD, Closers
from thalas import models
from thalas.celery import app
from thalas.dispatch import CLOSE
from thalas.selectors import clock
from thalas.services import closings

pytestmark = pytest.mark.skipif(
    settings.HOUSE.database_url is None, reason="needs PostgreSQL: set TEST_DATABASE=postgresql"
)
# Room for one order exactly; and for one and a half, the half of which is what is left for a second one.
ONE, MORE = (ORDER_USD, 1), (ORDER_USD * Decimal("1.5"), 2)


@pytest.fixture
def watch(shared_house: None) -> Iterator[None]:
    """Whoever commits is watched."""
    with rooms.watched():
        yield


def _rounds(count: int, *, processes: int) -> None:
    runs = rooms.answered_runs(rooms.RUNS)
    began = time.monotonic()
    with Closers(processes) as closers:
        for number in range(count):
            room_usd, passes = MORE if number % 4 == 3 else ONE
            rooms.furnish(room_usd=room_usd)
            rooms.reopen()
            wrong = closers.close(runs, sweeps=2 if number % 3 == 2 else 0)
            waits.in_time(not any("lock timeout" in each for each in wrong), "a lock")
            assert wrong == []
            rooms.check(room_usd=room_usd, passes=passes)
            if number + 1 in (count, count // 2, count // 10):
                took_s = time.monotonic() - began
                sys.stdout.write(f"{number + 1} rounds of {len(runs)} closes in {took_s:.0f} s\n")
                sys.stdout.flush()


@pytest.mark.usefixtures("watch")
def test_the_watch_sees_what_a_commit_leaves_held_and_half_of_what_belongs_together() -> None:
    runs = rooms.answered_runs(2)
    now = clock.now()
    for run_id in runs:
        with transaction.atomic():
            models.Reservation.objects.create(
                account_id=rooms.ACCOUNT,
                run_id=run_id,
                symbol="BTC/USD",
                market_type="crypto",
                side="BUY",
                size_usd=ORDER_USD,
                made_at=now,
                expires_at=now + timedelta(hours=1),
            )
    assert rooms.commits() == rooms.Commits(seen=2, most_usd=2 * ORDER_USD, torn=2)
    rooms.reopen()
    closings.close_run(runs[0], by=closings.CHORD, reason="a test", now=now)
    assert rooms.commits().torn == 0
    models.Reservation.objects.all().delete()
    models.DecisionLeg.objects.update(risk_level="high")
    assert rooms.commits().torn == 1


@pytest.mark.usefixtures("watch")
def test_of_fifty_orders_at_once_from_two_processes_one_gets_the_last_room() -> None:
    _rounds(4, processes=2)


@pytest.mark.acceptance
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("watch")
def test_of_fifty_orders_at_once_one_gets_the_last_room_in_each_of_a_thousand_rounds() -> None:
    _rounds(1000, processes=4)


def _over_celery(count: int) -> None:
    runs = rooms.answered_runs(rooms.RUNS)
    for _ in range(count):
        room_usd, passes = ONE
        rooms.furnish(room_usd=room_usd)
        rooms.reopen()
        with app.producer_or_acquire() as producer, producer.batch():
            for run_id in runs:
                app.send_task(CLOSE, kwargs={"run_id": str(run_id)}, producer=producer)
        waits.until(lambda: records.are_closed(runs), within_s=60, what="the workers have closed all")
        rooms.check(room_usd=room_usd, passes=passes)


@pytest.mark.processes
@pytest.mark.usefixtures("celery_setup", "watch")
def test_of_fifty_callbacks_that_real_workers_run_at_once_one_gets_the_last_room() -> None:
    _over_celery(2)


@pytest.mark.acceptance
@pytest.mark.processes
@pytest.mark.timeout(1500)
@pytest.mark.usefixtures("watch")
def test_of_fifty_callbacks_one_gets_the_last_room_with_three_workers_in_each_of_fifty_rounds(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    further = ("core-2", "core-3")
    for name in further:
        words = [word.replace("=core@", f"={name}@") for word in live_house.argv(CORE)]
        live_house.add(name, like=CORE, argv=tuple(words))
    live_house.muster(*further)
    _over_celery(50)
