"""Our rows in beat: put once, changed in place, removed when unwanted; others' are never touched."""

import json

import pytest
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from thalas import models
from thalas.services import beats

pytestmark = pytest.mark.usefixtures("house")


def put(every_s: int = 60, why: str = "a test") -> PeriodicTask:
    name = beats.put("chore", task="tasks.x", every_s=every_s, kwargs={"schedule": "a"}, why=why)
    return PeriodicTask.objects.get(name=name)


def test_a_row_says_what_runs_how_often_where_and_why() -> None:
    row = put()
    assert (row.name, row.task, row.queue, row.enabled) == ("thalas.chore", "tasks.x", "core", True)
    assert (row.interval.every, row.interval.period) == (60, "seconds")
    assert (json.loads(row.kwargs), row.description) == ({"schedule": "a"}, "a test")
    assert row.expire_seconds == 60 + 90


def test_putting_the_same_row_again_does_not_tell_beat_to_reload() -> None:
    put()
    before = PeriodicTasks.last_change()
    put()
    assert PeriodicTasks.last_change() == before


def test_a_changed_row_is_changed_in_place_and_a_disabled_one_stays_disabled() -> None:
    row = put()
    row.enabled = False
    row.save()
    changed = put(every_s=5, why="another reason")
    assert (changed.pk, changed.enabled) == (row.pk, False)
    assert (changed.interval.every, changed.description, changed.expire_seconds) == (
        5,
        "another reason",
        10 + 90,
    )


def test_an_interval_that_a_person_has_made_twice_does_not_break_ours() -> None:
    # django-celery-beat allows equal intervals in the admin.
    for _ in range(2):
        IntervalSchedule.objects.create(every=61, period="seconds")
    assert put(every_s=61).interval.every == 61


def test_a_crontab_that_a_person_put_on_our_row_gives_way_to_the_declared_interval() -> None:
    row = put()
    PeriodicTask.objects.filter(pk=row.pk).update(queue="elsewhere", kwargs="{}")
    assert put().queue == "core"


def test_only_rows_with_our_prefix_are_removed() -> None:
    put()
    interval = IntervalSchedule.objects.create(every=7, period="seconds")
    PeriodicTask.objects.create(name="mine", task="tasks.x", interval=interval)
    removed = beats.remove_others(set())
    assert "thalas.chore" in removed
    assert "thalas.tick.majors-daily" in removed
    assert beats.own_names() == set()
    assert PeriodicTask.objects.filter(name="mine").exists()


def test_a_schedules_tick_row_carries_its_name_only_and_goes_with_it() -> None:
    schedule = models.Schedule.objects.get(pk="majors-daily")
    name = beats.tick_row(schedule)
    row = PeriodicTask.objects.get(name=name)
    assert (row.task, json.loads(row.kwargs)) == ("tasks.schedules.tick", {"schedule": "majors-daily"})
    beats.remove_tick_row("majors-daily")
    beats.remove_tick_row("majors-daily")
    assert not PeriodicTask.objects.filter(name=name).exists()


@pytest.mark.parametrize(("every_s", "looked_s"), [(1, 1), (2, 2), (3600, 2)])
def test_a_schedule_that_comes_due_every_second_is_looked_at_every_second(
    every_s: int, looked_s: int
) -> None:
    schedule = models.Schedule.objects.get(pk="majors-daily")
    schedule.cadence, schedule.every_s = models.Schedule.Cadence.INTERVAL, every_s
    assert PeriodicTask.objects.get(name=beats.tick_row(schedule)).interval.every == looked_s
