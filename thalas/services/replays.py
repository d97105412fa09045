"""Set up the replay's clock, and let it go on after a pause where it had stopped."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from providers.markets.replay import Span
from providers.markets.replay_clock import MICROSECOND, MILLISECOND_US, ReplayClock, ReplayMoment, moment
from thalas import models

# Whoever ticks leaves a mark on the tape this often.
SEEN_EVERY = timedelta(seconds=5)


@transaction.atomic
def resume(span: Span, *, speed: float, now: datetime) -> models.ReplayTape:
    """Make the replay run at *speed* from *now* on.

    It begins at the start of *span*, or goes on from the moment up to which its
    candles have been looked at: a night with the machine off is no market time, and
    no candle is passed over or shown twice.
    """
    row = models.ReplayTape.objects.select_for_update().filter(pk=models.ReplayTape.ONLY_ID).first()
    market_at, lap = span.starts_at, 0
    if row is not None and (row.starts_at, row.ends_at) != (span.starts_at, span.ends_at):
        lap = row.lap + 1
    elif row is not None:
        shown = _go_on_from(row, now)
        market_at, lap = shown.market_at, shown.lap
    row, _ = models.ReplayTape.objects.update_or_create(
        pk=models.ReplayTape.ONLY_ID,
        defaults={
            "anchor_at": now,
            "market_anchor_at": market_at,
            "speed": speed,
            "starts_at": span.starts_at,
            "ends_at": span.ends_at,
            "lap": lap,
            "seen_at": now,
        },
    )
    return row


def _go_on_from(row: models.ReplayTape, now: datetime) -> ReplayMoment:
    """Return the first moment of the tape whose candles nobody has looked at.

    That is just after the last look, which saw what was due in its whole millisecond:
    a candle that closes in the very moment of the anchor belongs to the new clock.
    """
    looks = models.Slot.objects.exclude(market_at=None).filter(due_at__gte=row.anchor_at)
    last_due = looks.aggregate(at=Max("due_at"))["at"]
    marked = row.seen_at if row.seen_at > row.anchor_at else None
    looked = [look for look in (last_due, marked) if look is not None]
    if not looked:
        return ReplayMoment(row.market_anchor_at, row.lap)
    looked_at = min(now, max(looked))
    clock = _clock(row)
    shown = moment(clock, looked_at - timedelta(microseconds=looked_at.microsecond % MILLISECOND_US))
    return ReplayMoment(min(shown.market_at + MICROSECOND, clock.ends_at - MICROSECOND), shown.lap)


def mark_seen(*, now: datetime) -> None:
    """Leave a mark that the replay is being watched."""
    models.ReplayTape.objects.filter(pk=models.ReplayTape.ONLY_ID, seen_at__lt=now - SEEN_EVERY).update(
        seen_at=now
    )


def _clock(row: models.ReplayTape) -> ReplayClock:
    return ReplayClock(
        anchor_at=row.anchor_at,
        market_anchor_at=row.market_anchor_at,
        speed=row.speed,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        lap=row.lap,
    )
