"""How the kill switch stands, with who turned it and why."""

from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, transaction

from thalas import models


@dataclass(frozen=True, slots=True)
class Standing:
    """The switch as it counts: engaged unless a row says plainly that it is released."""

    is_engaged: bool
    is_readable: bool
    reason: str
    changed_by: str
    changed_at: datetime | None


UNREADABLE = Standing(True, False, "the switch cannot be read, which counts as engaged", "", None)


def standing() -> Standing:
    """Return how the switch stands; what cannot be read is engaged."""
    try:
        with transaction.atomic():  # within another one, a failure must not undo what came before it
            row = models.KillSwitch.objects.filter(pk=models.KillSwitch.ONLY_ID).first()
    except DatabaseError:
        return UNREADABLE
    return UNREADABLE if row is None else told(row)


def told(row: models.KillSwitch) -> Standing:
    """Return how the switch stands according to *row*."""
    if row.state not in models.KillSwitch.State.values:
        return UNREADABLE
    is_engaged = row.state == models.KillSwitch.State.ENGAGED
    return Standing(is_engaged, True, row.reason, row.changed_by, row.changed_at)
