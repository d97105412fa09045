"""When schedules come due next, and what became of the times before."""

from datetime import datetime, timedelta

from providers.errors import MarketError
from thalas import models
from thalas.errors import BadInput, NotFound
from thalas.selectors import slots

# Looked through one after the other: a schedule comes due every second, or once in a month.
AHEAD = (timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=32))


def schedule(name: str) -> models.Schedule:
    """Return the schedule *name*.

    Raises:  NotFound.
    """
    found = models.Schedule.objects.filter(pk=name).first()
    if found is None:
        raise NotFound(f"there is no schedule {name}")
    return found


def next_due(schedule: models.Schedule, *, now: datetime, limit: int = 3) -> list[datetime]:
    """Return when *schedule* comes due next, the nearest first; nothing while it is paused or unreadable."""
    if not schedule.is_enabled:
        return []
    due: list[slots.Due] = []
    for ahead in AHEAD:
        try:
            due = slots.due_since(schedule, max(now, schedule.starts_at), until=now + ahead)
        except (BadInput, MarketError):
            return []  # its slots say why it fails
        if len(due) >= limit:
            break
    return [item.due_at for item in due[:limit]]


def settled(name: str, *, before: datetime | None, limit: int) -> list[models.Slot]:
    """Return the newest slots of schedule *name*, those due before *before* if it is given.

    Raises:  NotFound.
    """
    rows = schedule(name).slots.order_by("-due_at")
    return list((rows if before is None else rows.filter(due_at__lt=before))[:limit])
