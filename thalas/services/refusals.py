"""What came through the broker and was refused, kept as one row for each reason."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest

from thalas import models


def count(reason: str, *, now: datetime, times: int = 1) -> None:
    """Add *times* messages refused for *reason*; several processes may do so at once."""
    if _add(reason, now, times):
        return
    try:
        with transaction.atomic():
            models.Refusal.objects.create(reason=reason, count=times, first_at=now, last_at=now)
    except IntegrityError:  # another process was the first
        _add(reason, now, times)


def _add(reason: str, now: datetime, times: int) -> bool:
    mine = models.Refusal.objects.filter(pk=reason)
    return mine.update(count=F("count") + times, last_at=Greatest("last_at", now)) == 1
