"""What makes a run certain: sweeps that need only the database, and the votes to ask for again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from providers.errors import ErrorKind
from thalas import models
from thalas.services import closings
from thalas.services.votes import DEADLINE_MARGIN, MAX_STARTS

log = structlog.get_logger(__name__)

# A run whose votes are all in belongs to its chord for this long, then to whoever looks.
CHORD_GRACE = timedelta(seconds=1)
RESEND_AFTER = timedelta(seconds=4)
RESEND_BATCH = 200


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep did."""

    closed: int
    given_up: int


def sweep(*, now: datetime) -> Sweep:
    """Give up votes that lost their last worker, and close every run that is overdue or fully answered."""
    given_up = _give_up_lost(now)
    closed = 0
    for run_id, reason in _to_close(now):
        try:
            closed += _close(run_id, reason, now)
        except Exception as error:
            log.exception("close_failed", run_id=str(run_id), error=type(error).__name__)
    return Sweep(closed=closed, given_up=given_up)


@transaction.atomic
def _close(run_id: UUID, reason: str, now: datetime) -> bool:
    """Close *run_id* unless somebody holds its row, closing it or stuck: no other run waits for that."""
    free = models.Run.objects.select_for_update(skip_locked=True).filter(
        pk=run_id, state=models.Run.State.OPEN
    )
    if free.first() is None:
        return False
    closings.close_run(run_id, by=closings.GUARD, reason=reason, now=now)
    return True


def _to_close(now: datetime) -> list[tuple[UUID, str]]:
    still_open = models.Run.objects.filter(state=models.Run.State.OPEN)
    overdue = still_open.filter(deadline_at__lte=now).order_by("deadline_at").values_list("pk", flat=True)
    late = [(pk, "the deadline has passed") for pk in overdue]
    seen = {pk for pk, _ in late}
    its_votes = models.Vote.objects.filter(run=OuterRef("pk"))
    waiting = Exists(its_votes.filter(state__in=models.Vote.OPEN_STATES))
    recent = Exists(its_votes.filter(recorded_at__gt=now - CHORD_GRACE))
    silent = still_open.filter(~waiting, ~recent, opened_at__lte=now - CHORD_GRACE)
    answered = silent.values_list("pk", flat=True)
    return late + [(pk, "every vote is in and the chord is silent") for pk in answered if pk not in seen]


def _votes_of_open_runs() -> QuerySet[models.Vote]:
    """Start from the open runs, which are few: history must not make a sweep slower."""
    still_open = models.Run.objects.filter(state=models.Run.State.OPEN).values_list("pk", flat=True)
    return models.Vote.objects.filter(run_id__in=list(still_open))


def _give_up_lost(now: datetime) -> int:
    """Fail claimed votes whose lease has run out and which may not be asked again."""
    lost = _votes_of_open_runs().filter(state=models.Vote.State.CLAIMED, lease_until__lt=now)
    exhausted = lost.filter(starts__gte=MAX_STARTS).values_list("pk", flat=True)
    too_late = [
        vote.pk
        for vote in lost.select_related("run")
        if (vote.run.deadline_at - DEADLINE_MARGIN - now).total_seconds() < vote.timeout_s
    ]
    if not (exhausted or too_late):
        return 0
    with transaction.atomic():
        free = models.Vote.objects.select_for_update(skip_locked=True).filter(
            Q(pk__in=[*exhausted, *too_late]), state=models.Vote.State.CLAIMED, lease_until__lt=now
        )
        return models.Vote.objects.filter(pk__in=[vote.pk for vote in free]).update(
            state=models.Vote.State.FAILED,
            error_kind=ErrorKind.WORKER_LOST.value,
            error="the worker that was asking died, and no time or start was left to ask again",
            recorded_at=now,
        )


def votes_to_resend(*, now: datetime) -> list[models.Vote]:
    """Take the votes of open runs that nobody is asking for: never claimed for a while, or lease expired.

    Taking marks them as just published, so two guards do not both send one.
    """
    silent = Q(state=models.Vote.State.EXPECTED, published_at__lte=now - RESEND_AFTER)
    expired = Q(
        state=models.Vote.State.CLAIMED,
        lease_until__lt=now,
        starts__lt=MAX_STARTS,
    ) & (Q(published_at__lt=F("lease_until")) | Q(published_at__lte=now - RESEND_AFTER))
    candidates = _votes_of_open_runs().filter(silent | expired, run__deadline_at__gt=now)
    return [vote for vote in candidates.order_by("published_at")[:RESEND_BATCH] if _take(vote, now)]


def _take(vote: models.Vote, now: datetime) -> bool:
    mine = models.Vote.objects.filter(pk=vote.pk, published_at=vote.published_at).update(published_at=now)
    return mine == 1


def beat(name: str, *, now: datetime, note: str = "") -> None:
    """Leave a sign of life under *name*."""
    models.Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now, "note": note[:200]})
