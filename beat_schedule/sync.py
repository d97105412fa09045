"""Put the declared table into django-celery-beat: own rows only, and a person's edits are kept."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from beat_schedule import entries
from tasks.budgets import look_after
from tasks.housekeeping import prune
from tasks.schedules import tick
from tasks.webhooks import anchor, deliver
from thalas import models
from thalas.services import beats

TASKS = {task.name: task for task in (anchor, deliver, look_after, prune, tick)}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a sync did, by name.

    left_alone  declared schedules whose name a person's own schedule has; that one stays as it is
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    left_alone: tuple[str, ...] = ()


@transaction.atomic
def sync(*, now: datetime) -> Changes:
    """Add what is declared and missing, update what is declared, remove own rows that no longer are.

    Declared are a row's cadence and reason. Whether it is enabled is a person's choice
    after the first sync; rows without our prefix, and schedules that a person made, are
    never touched.
    """
    before = beats.own_names()
    for watchlist in entries.WATCHLISTS:
        models.Watchlist.objects.get_or_create(
            name=watchlist.name, defaults={"symbols": list(watchlist.symbols)}
        )
    theirs = set(models.Schedule.objects.filter(is_declared=False).values_list("pk", flat=True))
    ours = [scan for scan in entries.SCANS if scan.name not in theirs]
    wanted = {_chore(chore) for chore in entries.CHORES} | {_scan(scan, now) for scan in ours}
    gone = models.Schedule.objects.filter(is_declared=True).exclude(
        pk__in=[scan.name for scan in entries.SCANS]
    )
    gone.delete()
    wanted |= {beats.tick_row(schedule) for schedule in models.Schedule.objects.filter(is_declared=False)}
    removed = beats.remove_others(wanted)
    return Changes(
        added=tuple(sorted(wanted - before)),
        removed=tuple(sorted(removed)),
        left_alone=tuple(sorted(theirs & {scan.name for scan in entries.SCANS})),
    )


def _chore(chore: entries.ChoreEntry) -> str:
    return beats.put(chore.name, task=TASKS[chore.task].name, every_s=chore.every_s, kwargs={}, why=chore.why)


def _scan(scan: entries.ScanEntry, now: datetime) -> str:
    schedule, _ = models.Schedule.objects.update_or_create(
        name=scan.name,
        defaults={"why": scan.why, "timeframe": scan.timeframe, "cadence": "candle", "is_declared": True},
        create_defaults={
            "why": scan.why,
            "timeframe": scan.timeframe,
            "cadence": "candle",
            "is_declared": True,
            "watchlist_id": scan.watchlist,
            "is_enabled": scan.is_enabled,
            "method": scan.method,
            "starts_at": now,
        },
    )
    return beats.tick_row(schedule, every_s=scan.tick_s)
