"""Set up the replay's clock, and let it go on after a pause where it had stopped."""

from datetime import datetime, timedelta

from django.db import transaction

from providers.markets.replay import Span
from providers.markets.replay_clock import ReplayClock, moment
from thalas import models

# Whoever looks at the tape leaves a mark this often; a longer silence was a pause.
SEEN_EVERY = timedelta(seconds=5)
PAUSE = timedelta(seconds=30)


@transaction.atomic
def resume(span: Span, *, speed: float, now: datetime) -> models.ReplayTape:
    """Make the replay run at *speed* from *now* on.

    It begins at the start of *span*, or goes on from the moment it was last seen at:
    a night with the machine off is no market time.
    """
    row = models.ReplayTape.objects.select_for_update().filter(pk=models.ReplayTape.ONLY_ID).first()
    if row is None or (row.starts_at, row.ends_at) != (span.starts_at, span.ends_at):
        market_at, lap = span.starts_at, row.lap + 1 if row else 0
    else:
        shown = moment(_clock(row), min(now, row.seen_at + SEEN_EVERY) if now - row.seen_at > PAUSE else now)
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


def mark_seen(*, now: datetime) -> None:
    """Leave a mark that the replay is being watched."""
    models.ReplayTape.objects.filter(pk=models.ReplayTape.ONLY_ID, seen_at__lt=now - SEEN_EVERY).update(seen_at=now)


def _clock(row: models.ReplayTape) -> ReplayClock:
    return ReplayClock(
        anchor_at=row.anchor_at,
        market_anchor_at=row.market_anchor_at,
        speed=row.speed,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        lap=row.lap,
    )
