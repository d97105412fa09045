"""Set up the market's clock: a replay goes on where it had stopped, a live market waits for nobody."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from providers.markets import live
from providers.markets.replay_clock import MICROSECOND, MILLISECOND_US, ReplayClock, ReplayMoment, moment
from providers.markets.types import Span
from thalas import models
from thalas.services import schedules

# A schedule that was looked at this shortly before the last look of all was being watched when all stopped.
WATCHED_WITHIN = timedelta(seconds=60)


@transaction.atomic
def resume(span: Span, *, speed: float, now: datetime) -> models.ReplayTape:
    """Make the replay run at *speed* from *now* on.

    It begins at the start of *span*, or goes on from the moment up to which the candles
    of every enabled schedule have been looked at: a night with the machine off is no
    market time, and no candle is passed over; one that a schedule has had already is
    known by its slot. A schedule that nothing ticked holds nobody up: what it did not
    look at is kept as missed.

    The clock of a live market is set once and shows *now* ever after: what closed while nobody
    was watching has closed, and is missed. A market after another one is on a lap of its own.
    """
    if span == live.SPAN:
        return _live(now)
    row = models.ReplayTape.objects.select_for_update().filter(pk=models.ReplayTape.ONLY_ID).first()
    market_at, lap = span.starts_at, 0
    if row is None or Span(row.starts_at, row.ends_at) == live.SPAN:
        lap = _first_free_lap()
    else:
        looked_at = _looked_at(row, now)
        _miss_what_nobody_looked_at(row, looked_at, now)
        if (row.starts_at, row.ends_at) != (span.starts_at, span.ends_at):
            lap = max(row.lap + 1, _first_free_lap())
        else:
            shown = _shown_after(row, looked_at)
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
        },
    )
    return row


def _live(now: datetime) -> models.ReplayTape:
    row = models.ReplayTape.objects.select_for_update().filter(pk=models.ReplayTape.ONLY_ID).first()
    if row is not None and Span(row.starts_at, row.ends_at) == live.SPAN:
        return row
    clock = {"anchor_at": now, "market_anchor_at": now, "speed": 1.0, "lap": _first_free_lap()}
    span = {"starts_at": live.SPAN.starts_at, "ends_at": live.SPAN.ends_at}
    row, _ = models.ReplayTape.objects.update_or_create(
        pk=models.ReplayTape.ONLY_ID, defaults={**clock, **span}
    )
    return row


def _first_free_lap() -> int:
    """Return a lap that no slot knows, so that its candles are new ones."""
    last = models.Slot.objects.exclude(market_at=None).aggregate(lap=Max("lap"))["lap"]
    return 0 if last is None else last + 1


def _looked_at(row: models.ReplayTape, now: datetime) -> datetime | None:
    """Return until when all who were watching have looked at the tape; None if nobody has."""
    marks = models.Schedule.objects.filter(ticked_at__gt=row.anchor_at, ticked_at__lte=now)
    newest: datetime | None = marks.aggregate(at=Max("ticked_at"))["at"]
    if newest is None:
        return None
    looks = [_look(schedule, row) for schedule in _candle_schedules()]
    return min([newest, *(look for look in looks if newest - look <= WATCHED_WITHIN)])


def _look(schedule: models.Schedule, row: models.ReplayTape) -> datetime:
    looks = (schedule.ticked_at, schedule.starts_at, row.anchor_at)
    return max(look for look in looks if look is not None)


def _candle_schedules() -> list[models.Schedule]:
    return list(models.Schedule.objects.filter(is_enabled=True, cadence=models.Schedule.Cadence.CANDLE))


def _miss_what_nobody_looked_at(row: models.ReplayTape, looked_at: datetime | None, now: datetime) -> None:
    if looked_at is None:
        return
    for schedule in _candle_schedules():
        if _look(schedule, row) < looked_at:
            schedules.miss_until(schedule, until=looked_at, now=now)


def _shown_after(row: models.ReplayTape, looked_at: datetime | None) -> ReplayMoment:
    """Return the first moment of the tape whose candles nobody has looked at.

    That is just after the last look, which saw what was due in its whole millisecond:
    a candle that closes in the very moment of the anchor belongs to the new clock.
    """
    if looked_at is None or looked_at <= row.anchor_at:
        return ReplayMoment(row.market_anchor_at, row.lap)
    clock = _clock(row)
    shown = moment(clock, looked_at - timedelta(microseconds=looked_at.microsecond % MILLISECOND_US))
    return ReplayMoment(min(shown.market_at + MICROSECOND, clock.ends_at - MICROSECOND), shown.lap)


def _clock(row: models.ReplayTape) -> ReplayClock:
    return ReplayClock(
        anchor_at=row.anchor_at,
        market_anchor_at=row.market_anchor_at,
        speed=row.speed,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        lap=row.lap,
    )
