"""Which moments of a schedule have come due, and which of them nobody has settled yet."""

from dataclasses import dataclass
from datetime import datetime

from providers.markets import replay_clock
from thalas import models
from thalas.domain import cadences
from thalas.errors import BadInput
from thalas.selectors import markets


@dataclass(frozen=True, slots=True)
class Due:
    """One moment a schedule came due; *market_at* and *lap* only for candles."""

    due_at: datetime
    market_at: datetime | None = None
    lap: int = 0


def due_since(schedule: models.Schedule, after: datetime, *, until: datetime) -> list[Due]:
    """Return when *schedule* came due with after < t ≤ until, oldest first, the newest 200 at most.

    Raises:  BadInput if its crontab, time zone or interval cannot be read; MarketUnavailable.
    """
    if schedule.cadence == models.Schedule.Cadence.CANDLE:
        clock = markets.replay_clock()
        closes = replay_clock.closes(clock, schedule.timeframe, after, until, limit=cadences.LIMIT)
        return [Due(close.due_at, close.market_at, close.lap) for close in closes.closes]
    try:
        return [Due(at) for at in _by_the_wall(schedule, after, until)]
    except ValueError as error:
        raise BadInput("schedule", schedule.pk, str(error)) from error


def _by_the_wall(schedule: models.Schedule, after: datetime, until: datetime) -> list[datetime]:
    if schedule.cadence == models.Schedule.Cadence.INTERVAL:
        return cadences.every(schedule.every_s or 0, after=after, until=until)
    return cadences.crontab(schedule.crontab, schedule.timezone, after=after, until=until)


def unsettled(schedule: models.Schedule, *, until: datetime) -> list[Due]:
    """Return what came due up to *until* and has no slot yet, oldest first, the newest 200 at most.

    A candle that has a slot is settled for good: where the replay goes on from a little
    before it stopped, its close falls due a second time and is no slot again.

    Raises:  BadInput; MarketUnavailable.
    """
    due = due_since(schedule, settled_until(schedule, now=until), until=until)
    if not due:
        return []
    known = schedule.slots.filter(due_at__in=[item.due_at for item in due])
    has_slot = set(known.values_list("due_at", flat=True))
    last = last_candle(schedule) if due[-1].market_at else None
    return [item for item in due if item.due_at not in has_slot and not _is_behind(item, last)]


def settled_until(schedule: models.Schedule, *, now: datetime) -> datetime:
    """Return the moment up to which nothing of *schedule* is left to settle.

    What lies after *now* is disregarded: the database's clock was ahead when it was written.
    """
    last = schedule.slots.filter(due_at__lte=now).order_by("-due_at").values_list("due_at", flat=True).first()
    looked_at = schedule.ticked_at if schedule.ticked_at and schedule.ticked_at <= now else None
    return max(at for at in (schedule.starts_at, last, looked_at) if at is not None)


def last_candle(schedule: models.Schedule) -> tuple[int, datetime] | None:
    """Return lap and market time of the newest candle of *schedule* that has a slot."""
    slot = schedule.slots.exclude(market_at=None).order_by("-due_at").first()
    return None if slot is None or slot.market_at is None else (slot.lap, slot.market_at)


def _is_behind(item: Due, last: tuple[int, datetime] | None) -> bool:
    return last is not None and item.market_at is not None and (item.lap, item.market_at) <= last


def of(schedule: models.Schedule, due: Due) -> models.Slot | None:
    """Return the slot that *schedule* has for *due*: for that moment, or for that candle."""
    slots = schedule.slots.select_related("run")
    found = slots.filter(due_at=due.due_at).first()
    if found is None and due.market_at is not None:
        found = slots.filter(lap=due.lap, market_at=due.market_at).first()
    return found


def is_busy(schedule: models.Schedule) -> bool:
    """Say whether a run that *schedule* opened is still open."""
    return schedule.slots.filter(run__state=models.Run.State.OPEN).exists()
