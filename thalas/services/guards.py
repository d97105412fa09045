"""What makes a run certain: sweeps that need only the database, and the votes to ask for again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from providers.errors import ErrorKind
from thalas import models
from thalas.services import closings
from thalas.services.votes import DEADLINE_MARGIN, MAX_STARTS

# A run whose votes are all in belongs to its chord for this long, then to whoever looks.
CHORD_GRACE = timedelta(seconds=1)
# One transaction closes this many: few enough that it is over in a fraction of a second.
CLOSE_BATCH = 40
# A guard that lives closes sooner than this. Two of them can be down at once, each starting anew.
OVERLOOKED_AFTER = timedelta(seconds=0.7)
RESEND_AFTER = timedelta(seconds=4)
RESEND_BATCH = 100


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep did; *is_full* if it closed as many as one sweep does, so that more may wait."""

    closed: int
    given_up: int
    is_full: bool = False


def sweep(*, now: datetime) -> Sweep:
    """Give up votes that lost their last worker; close runs that are overdue, or answered and left alone."""
    given_up = _give_up_lost(now)
    overdue = closings.close_free(
        _overdue(now), by=closings.GUARD, reason="the deadline has passed", now=now, limit=CLOSE_BATCH
    )
    silent = closings.close_free(
        _silent(now),
        by=closings.GUARD,
        reason="every vote is in and the chord is silent",
        now=now,
        limit=CLOSE_BATCH,
    )
    return Sweep(overdue + silent, given_up, is_full=CLOSE_BATCH in (overdue, silent))


def close_overlooked(*, now: datetime) -> int:
    """Close the runs that no guard has closed in time, one batch of them; return how many.

    For processes that are there anyway, the workers: what is certain must not hang on two processes.
    """
    overlooked = _overdue(now - OVERLOOKED_AFTER)
    reason = "the deadline has passed and no guard came"
    return closings.close_free(overlooked, by=closings.WORKER, reason=reason, now=now, limit=CLOSE_BATCH)


def _overdue(now: datetime) -> QuerySet[models.Run]:
    still_open = models.Run.objects.filter(state=models.Run.State.OPEN)
    return still_open.filter(deadline_at__lte=now).order_by("deadline_at")


def _silent(now: datetime) -> QuerySet[models.Run]:
    """Return the open runs whose votes are all in, the last of them a while ago."""
    its_votes = models.Vote.objects.filter(run=OuterRef("pk"))
    waiting = Exists(its_votes.filter(state__in=models.Vote.OPEN_STATES))
    recent = Exists(its_votes.filter(recorded_at__gt=now - CHORD_GRACE))
    still_open = models.Run.objects.filter(state=models.Run.State.OPEN, opened_at__lte=now - CHORD_GRACE)
    return still_open.filter(~waiting, ~recent).order_by("opened_at")


def _votes_of_open_runs() -> QuerySet[models.Vote]:
    """Start from the open runs, which are few: history must not make a sweep slower."""
    still_open = models.Run.objects.filter(state=models.Run.State.OPEN).values_list("pk", flat=True)
    return models.Vote.objects.filter(run_id__in=list(still_open))


def _give_up_lost(now: datetime) -> int:
    """Fail claimed votes whose lease has run out and which may not be asked again."""
    lost = _votes_of_open_runs().filter(state=models.Vote.State.CLAIMED, lease_until__lt=now)
    hopeless = [
        vote.pk
        for vote in lost.select_related("run")
        if vote.starts >= MAX_STARTS
        or (vote.run.deadline_at - DEADLINE_MARGIN - now).total_seconds() < vote.timeout_s
    ]
    if not hopeless:
        return 0
    with transaction.atomic():
        free = models.Vote.objects.select_for_update(skip_locked=True).filter(
            pk__in=hopeless, state=models.Vote.State.CLAIMED, lease_until__lt=now
        )
        return models.Vote.objects.filter(pk__in=[vote.pk for vote in free]).update(
            state=models.Vote.State.FAILED,
            error_kind=ErrorKind.WORKER_LOST.value,
            error="the worker that was asking died, and no time or start was left to ask again",
            recorded_at=now,
        )


def votes_to_resend(*, now: datetime, queued: int = 0) -> list[models.Vote]:
    """Take votes of open runs that nobody is asking for: not claimed for a while, or their lease expired.

    As many as messages wait in the queue (*queued*) are left out, the newest: those are late, not
    lost, and sending them again would only make the queue longer. Taking marks a vote as just
    published, so that two guards do not both send it.
    """
    silent = Q(state=models.Vote.State.EXPECTED, published_at__lte=now - RESEND_AFTER)
    expired = Q(
        state=models.Vote.State.CLAIMED,
        lease_until__lt=now,
        starts__lt=MAX_STARTS,
    ) & (Q(published_at__lt=F("lease_until")) | Q(published_at__lte=now - RESEND_AFTER))
    unasked = _votes_of_open_runs().filter(silent | expired, run__deadline_at__gt=now)
    many = min(unasked.count() - queued, RESEND_BATCH)
    if many <= 0:
        return []
    with transaction.atomic():
        free = unasked.select_for_update(skip_locked=True, of=("self",)).order_by("published_at")
        taken = list(free[:many])
        models.Vote.objects.filter(pk__in=[vote.pk for vote in taken]).update(published_at=now)
    return taken


def beat(name: str, *, now: datetime, note: str = "") -> None:
    """Leave a sign of life under *name*."""
    models.Heartbeat.objects.update_or_create(name=name, defaults={"beat_at": now, "note": note[:200]})
