"""Our rows in django-celery-beat, told apart from others' by their prefix."""

import json

from django_celery_beat.models import IntervalSchedule, PeriodicTask

from thalas import models

PREFIX = "thalas."
TICK = "tasks.schedules.tick"
TICK_S = 2
# A message carries the time of the beat that sent it, and is judged by the clock of the worker that gets it.
CLOCKS_APART_S = 90


def own_names() -> set[str]:
    """Return the names of all rows that are ours."""
    return set(PeriodicTask.objects.filter(name__startswith=PREFIX).values_list("name", flat=True))


def put(name: str, *, task: str, every_s: int, kwargs: dict[str, str], why: str) -> str:
    """Make our row *name* run *task* every *every_s* seconds; return the row's full name.

    Whether it is enabled is left as it is, if the row exists.
    """
    interval = _interval(every_s)
    fields = {
        "task": task,
        "interval": interval,
        "crontab": None,
        "solar": None,
        "clocked": None,
        "kwargs": json.dumps(kwargs),
        "args": "[]",
        "queue": "core",
        "description": why,
        # A tick that waits longer than the next one is worth nothing: the slots are found by the next.
        # Without the allowance, all that a slow clock's beat sends would count as expired on arrival.
        "expire_seconds": max(every_s, 10) + CLOCKS_APART_S,
    }
    row = PeriodicTask.objects.filter(name=PREFIX + name).first()
    if row is None:
        PeriodicTask.objects.create(name=PREFIX + name, **fields)
    elif any(getattr(row, field) != value for field, value in fields.items()):
        for field, value in fields.items():
            setattr(row, field, value)
        row.save()
    return PREFIX + name


def _interval(every_s: int) -> IntervalSchedule:
    # Equal ones may exist twice: the admin lets a person make another.
    wanted = {"every": every_s, "period": IntervalSchedule.SECONDS}
    found = IntervalSchedule.objects.filter(**wanted).order_by("pk").first()
    return found or IntervalSchedule.objects.create(**wanted)


def tick_row(schedule: models.Schedule, *, every_s: int | None = None) -> str:
    """Make beat look at *schedule* every *every_s* seconds, or as often as it needs; return its name."""
    if every_s is None:
        is_interval = schedule.cadence == models.Schedule.Cadence.INTERVAL
        every_s = min(TICK_S, schedule.every_s or TICK_S) if is_interval else TICK_S
    return put(
        f"tick.{schedule.pk}", task=TICK, every_s=every_s, kwargs={"schedule": schedule.pk}, why=schedule.why
    )


def remove_tick_row(name: str) -> None:
    """Take the row of schedule *name* out of beat; a row that is not there is as good."""
    for row in PeriodicTask.objects.filter(name=f"{PREFIX}tick.{name}"):
        row.delete()  # not the queryset's: the row's own delete tells beat that something has changed


def remove_others(wanted: set[str]) -> set[str]:
    """Delete our rows that are not *wanted*; return their names."""
    rows = PeriodicTask.objects.filter(name__startswith=PREFIX).exclude(name__in=wanted)
    names = set(rows.values_list("name", flat=True))
    for row in rows:
        row.delete()  # one by one: the row's own delete tells beat that something has changed
    return names
