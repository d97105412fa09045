"""Forget what is too old to keep."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from thalas import models

BATCH = 500
# Nobody sends a request again after so long; one that opened a run goes with its run at the latest.
REPEATS_KEPT = timedelta(days=7)


def prune(*, keep_days: int, now: datetime) -> int:
    """Delete closed runs older than *keep_days* with all they left behind; return how many runs went."""
    before = now - timedelta(days=keep_days)
    removed = 0
    while batch := _old_runs(before):
        removed += _remove(batch)
    # A schedule goes on from its newest slot, however old: without it, old times would come due again.
    newer = models.Slot.objects.filter(schedule=OuterRef("schedule"), due_at__gt=OuterRef("due_at"))
    models.Slot.objects.filter(Exists(newer), due_at__lt=before, run=None).delete()
    models.IdempotentRequest.objects.filter(created_at__lt=now - REPEATS_KEPT).delete()
    models.Brief.objects.filter(created_at__lt=before, runs=None).delete()
    return removed


def _old_runs(before: datetime) -> list[models.Run]:
    old = models.Run.objects.filter(opened_at__lt=before).exclude(state=models.Run.State.OPEN)
    return list(old.order_by("opened_at")[:BATCH])


@transaction.atomic
def _remove(batch: list[models.Run]) -> int:
    models.Run.objects.filter(pk__in=[run.pk for run in batch]).delete()
    return len(batch)
