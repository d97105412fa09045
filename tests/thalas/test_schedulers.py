"""A beat goes on whatever its own clock and those of the other beats say."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from tests.processes import waits
from thalas.celery import app
from thalas.schedulers import SteadyEntry, SteadyScheduler

pytestmark = pytest.mark.django_db(transaction=True)  # the scheduler closes connections as it likes

MINUTE = timedelta(minutes=1)


def row(last_run_at: datetime | None = None) -> PeriodicTask:
    """Return a row of beat's that is sent every two seconds."""
    interval = IntervalSchedule.objects.create(every=2, period=IntervalSchedule.SECONDS)
    return PeriodicTask.objects.create(
        name="often", task="tasks.x", interval=interval, last_run_at=last_run_at
    )


@pytest.fixture
def scheduler() -> Iterator[SteadyScheduler]:
    row()
    scheduler = SteadyScheduler(app=app)
    yield scheduler
    scheduler._finalize.cancel()  # else it looks into the database when Python ends


@pytest.mark.parametrize("ahead", [timedelta(0), MINUTE, 400 * 1440 * MINUTE])
def test_a_row_that_another_beat_sent_in_our_future_is_sent_again_within_its_interval(
    ahead: timedelta,
) -> None:
    began = time.monotonic()
    entry = SteadyEntry(row(datetime.now(UTC) + ahead), app=app)
    is_due, next_s = entry.is_due()
    waits.not_after(began, 2.0, "looking")  # else it is due again
    assert not is_due
    assert next_s <= 2.0
    assert entry.last_run_at <= datetime.now(UTC)


def test_a_row_that_was_sent_long_ago_is_due() -> None:
    assert SteadyEntry(row(datetime.now(UTC) - MINUTE), app=app).is_due().is_due


def test_when_the_clock_is_set_back_the_plan_is_made_anew(
    scheduler: SteadyScheduler,
) -> None:
    scheduler.populate_heap()
    state = scheduler.__dict__
    far = state["_heap"][0]._replace(time=state["_heap"][0].time + 90)
    state["_heap"] = [far]
    scheduler.old_schedulers = dict(scheduler.schedule)
    scheduler._offset_s = time.time() - time.monotonic() + 90
    scheduler.tick()
    assert state["_heap"][0].time < far.time - 60


@pytest.mark.parametrize("apart", [timedelta(seconds=-90), timedelta(seconds=90)])
def test_a_change_is_noticed_whatever_the_clock_of_who_made_it(
    scheduler: SteadyScheduler, apart: timedelta
) -> None:
    PeriodicTasks.objects.update_or_create(ident=1, defaults={"last_update": datetime.now(UTC)})
    scheduler.schedule_changed()
    assert not scheduler.schedule_changed()
    PeriodicTasks.objects.update(last_update=datetime.now(UTC) + apart)
    assert scheduler.schedule_changed()
    assert not scheduler.schedule_changed()
