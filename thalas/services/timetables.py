"""Make, change, pause and delete schedules; each change is audited, and beat's row is kept in step."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from thalas import models
from thalas.domain import cadences
from thalas.errors import BadInput, NotFound, NotPossible
from thalas.services import audits, beats, councils, watchlists

EVERY_MINUTE = "* * * * *"
# Of a schedule that the code declares, only what the next sync leaves alone can be changed.
FREE = frozenset({"watchlist", "deadline_s", "missed", "overlap", "may_close_early", "method", "is_enabled"})
CHOICES = {
    "cadence": models.Schedule.Cadence.values,
    "missed": models.Schedule.Missed.values,
    "overlap": models.Schedule.Overlap.values,
}
FIELDS = FREE | {"why", "timeframe", "cadence", "every_s", "crontab", "timezone"}


@transaction.atomic
def create(name: str, fields: Mapping[str, object], *, by: str, now: datetime) -> models.Schedule:
    """Make the schedule *name*; it comes due from *now* on.

    fields   by the names in FIELDS; what is left out keeps its default

    Raises:  BadInput; NotPossible if there is one of that name.
    """
    schedule = models.Schedule(pk=watchlists.usable_name(name), starts_at=now)
    if models.Schedule.objects.filter(pk=name).exists():
        raise NotPossible(f"there is a schedule {name} already; change it, or choose another name")
    _put(schedule, fields)
    schedule.save(force_insert=True)
    beats.tick_row(schedule)
    audits.append(actor=by, action="schedule.create", target=name, details=dict(fields), now=now)
    return schedule


@transaction.atomic
def edit(name: str, fields: Mapping[str, object], *, by: str, now: datetime) -> models.Schedule:
    """Change *fields* of the schedule *name*; what came due while it was paused never comes due.

    Raises:  NotFound; NotPossible for what the code declares; BadInput.
    """
    schedule = _locked(name)
    fixed = sorted(set(fields) - FREE) if schedule.is_declared else []
    if fixed:
        raise NotPossible(
            f"{', '.join(fixed)} of {name} cannot be changed: the code declares it; "
            f"of its fields, {', '.join(sorted(FREE))} can"
        )
    was_enabled = schedule.is_enabled
    before = {field: _told(schedule, field) for field in fields}
    _put(schedule, fields)
    if schedule.is_enabled and not was_enabled:
        schedule.ticked_at = now
    schedule.save()
    beats.tick_row(schedule)
    details = {"before": before, "after": {field: _told(schedule, field) for field in fields}}
    audits.append(actor=by, action="schedule.edit", target=name, details=details, now=now)
    return schedule


@transaction.atomic
def delete(name: str, *, by: str, now: datetime) -> None:
    """Delete the schedule *name* with its slots and its row in beat; its runs stay.

    Raises:  NotFound; NotPossible for what the code declares.
    """
    schedule = _locked(name)
    if schedule.is_declared:
        raise NotPossible(f"schedule {name} is declared by the code, which would bring it back; pause it")
    schedule.delete()
    beats.remove_tick_row(name)
    audits.append(actor=by, action="schedule.delete", target=name, now=now)


def _put(schedule: models.Schedule, fields: Mapping[str, object]) -> None:
    """Set *fields* on *schedule* and check the whole of it."""
    unknown = sorted(set(fields) - FIELDS)
    if unknown:
        raise BadInput(unknown[0], fields[unknown[0]], f"the fields are {', '.join(sorted(FIELDS))}")
    for field, value in fields.items():
        if field == "watchlist":
            schedule.watchlist = _watchlist(str(value))
        else:
            setattr(schedule, field, value)
    _check(schedule)


def _check(schedule: models.Schedule) -> None:
    councils.check_deadline(schedule.deadline_s)
    councils.check_method(schedule.method)
    councils.check_symbols(schedule.watchlist.symbols, schedule.timeframe)
    for field, known in CHOICES.items():
        if getattr(schedule, field) not in known:
            raise BadInput(field, getattr(schedule, field), f"give one of {', '.join(known)}")
    if schedule.cadence == models.Schedule.Cadence.INTERVAL and not schedule.every_s:
        raise BadInput("every_s", schedule.every_s, "give whole seconds from 1 on")
    _check_crontab("timezone", EVERY_MINUTE, schedule.timezone)
    if schedule.cadence == models.Schedule.Cadence.CRONTAB:
        _check_crontab("crontab", schedule.crontab, schedule.timezone)


def _check_crontab(field: str, crontab: str, timezone: str) -> None:
    try:
        cadences.check_crontab(crontab, timezone)
    except ValueError as error:
        raise BadInput(field, timezone if field == "timezone" else crontab, str(error)) from error


def _watchlist(name: str) -> models.Watchlist:
    found = models.Watchlist.objects.filter(pk=name).first()
    if found is None:
        known = ", ".join(models.Watchlist.objects.order_by("pk").values_list("pk", flat=True)) or "none yet"
        raise BadInput("watchlist", name, f"watchlists: {known}")
    return found


def _locked(name: str) -> models.Schedule:
    rows = models.Schedule.objects.select_related("watchlist").select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=name).first()
    if found is None:
        raise NotFound(f"there is no schedule {name}")
    return found


def _told(schedule: models.Schedule, field: str) -> object:
    return schedule.watchlist_id if field == "watchlist" else getattr(schedule, field)
