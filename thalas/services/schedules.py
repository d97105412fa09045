"""Fire what is due: one slot row per due time, unique, so that two beats never double a scan."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction

from providers.errors import MarketError
from providers.markets import replay_clock
from thalas import models
from thalas.domain import cadences
from thalas.errors import BadInput, NotFound
from thalas.selectors import markets
from thalas.services import councils, replays, runs

log = structlog.get_logger(__name__)

# Until the first slot there is nothing to go on from: what came due within this is fired.
FIRST_LOOK = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Due:
    """One moment a schedule came due; *market_at* and *lap* only for candles."""

    due_at: datetime
    market_at: datetime | None = None
    lap: int = 0


def tick(name: str, *, now: datetime) -> list[models.Slot]:
    """Insert every slot of schedule *name* that came due since its last one; return those made here.

    The newest is fired unless its policy says otherwise; the older ones are kept as
    missed, with the reason. A slot that another beat has inserted is left alone.

    Raises:  NotFound.
    """
    schedule = models.Schedule.objects.select_related("watchlist").filter(pk=name).first()
    if schedule is None:
        raise NotFound(f"there is no schedule {name}")
    made = _fire_due(schedule, now) if schedule.is_enabled else []
    # Last: a tick that dies before it has fired must not pass for one that has looked.
    replays.mark_seen(now=now)
    return made


def _fire_due(schedule: models.Schedule, now: datetime) -> list[models.Slot]:
    due = due_since(schedule, _last_due(schedule), until=now)
    made = [_miss(schedule, item, now) for item in due[:-1]]
    if due:
        made.append(_fire(schedule, due[-1], now))
    return [slot for slot in made if slot is not None]


def scan(name: str, *, now: datetime) -> tuple[models.Slot, bool]:
    """Fire the newest slot of schedule *name* now; return it, and whether it was made here.

    Where nothing has come due yet, now is the slot.

    Raises:  BadInput if there is no such schedule, or its watchlist, timeframe or crontab cannot be
             used; MarketError.
    """
    schedule = models.Schedule.objects.select_related("watchlist").filter(pk=name).first()
    if schedule is None:
        known = ", ".join(models.Schedule.objects.values_list("pk", flat=True)) or "none yet"
        raise BadInput("schedule", name, f"schedules: {known}")
    councils.prepare(_question(schedule), now=now)  # a person is told what is wrong, and nothing is stored
    due = due_since(schedule, now - FIRST_LOOK, until=now)
    newest = due[-1] if due else Due(now)
    if schedule.is_enabled:  # the next tick goes on from here, so what came due before it is kept now
        for item in due_since(schedule, _last_due(schedule), until=now):
            if item.due_at < newest.due_at:
                _miss(schedule, item, now)
    made = _fire(schedule, newest, now)
    if made is not None:
        return made, True
    return models.Slot.objects.select_related("run").get(schedule=schedule, due_at=newest.due_at), False


def due_since(schedule: models.Schedule, after: datetime, *, until: datetime) -> list[Due]:
    """Return when *schedule* came due with after < t ≤ until, oldest first, the newest 200 at most.

    Raises:  BadInput if its crontab cannot be read.
    """
    if schedule.cadence == models.Schedule.Cadence.INTERVAL:
        return [Due(at) for at in cadences.every(schedule.every_s or 0, after=after, until=until)]
    if schedule.cadence == models.Schedule.Cadence.CRONTAB:
        return [Due(at) for at in _crontab(schedule, after, until)]
    clock = markets.replay_clock()
    closes = replay_clock.closes(clock, schedule.timeframe, after, until, limit=cadences.LIMIT)
    return [Due(close.due_at, close.market_at, close.lap) for close in closes.closes]


def _crontab(schedule: models.Schedule, after: datetime, until: datetime) -> list[datetime]:
    try:
        return cadences.crontab(schedule.crontab, schedule.timezone, after=after, until=until)
    except ValueError as error:
        raise BadInput("schedule", schedule.pk, str(error)) from error


def _last_due(schedule: models.Schedule) -> datetime:
    last = schedule.slots.order_by("-due_at").values_list("due_at", flat=True).first()
    return max(last, schedule.starts_at) if last else schedule.starts_at


def _miss(schedule: models.Schedule, due: Due, now: datetime) -> models.Slot | None:
    reason = f"its time passed while nothing ticked; policy {schedule.missed} does not run it"
    return _insert(schedule, due, models.Slot.State.MISSED, reason, now)


def _fire(schedule: models.Schedule, due: Due, now: datetime) -> models.Slot | None:
    if schedule.missed == models.Schedule.Missed.SKIP and now - due.due_at > timedelta(
        seconds=schedule.deadline_s
    ):
        return _miss(schedule, due, now)
    if schedule.overlap == models.Schedule.Overlap.SKIP and _is_busy(schedule):
        return _insert(
            schedule, due, models.Slot.State.SKIPPED, "the last run of this schedule is still open", now
        )
    try:
        opening = councils.prepare(_question(schedule), now=now)
    except (BadInput, MarketError) as error:
        return _insert(schedule, due, models.Slot.State.FAILED, str(error), now)
    return _insert(schedule, due, models.Slot.State.FIRED, "", now, opening)


def _question(schedule: models.Schedule) -> councils.Question:
    return councils.Question(
        symbols=_symbols(schedule.watchlist),
        timeframe=schedule.timeframe,
        requested_by=f"schedule {schedule.pk}",
        deadline_s=schedule.deadline_s,
        kind=models.Run.Kind.SCAN,
    )


def _symbols(watchlist: models.Watchlist) -> list[str]:
    stored: object = watchlist.symbols
    if not isinstance(stored, list) or not all(isinstance(symbol, str) for symbol in stored):
        raise BadInput("watchlist", stored, 'give a list of symbols such as ["BTC/USD"]')
    return stored


def _is_busy(schedule: models.Schedule) -> bool:
    return schedule.slots.filter(run__state=models.Run.State.OPEN).exists()


def _insert(
    schedule: models.Schedule,
    due: Due,
    state: models.Slot.State,
    reason: str,
    now: datetime,
    opening: runs.Opening | None = None,
) -> models.Slot | None:
    """Insert the slot and open its run in one transaction; None if the slot exists already."""
    try:
        with transaction.atomic():
            slot = models.Slot.objects.create(
                schedule=schedule,
                due_at=due.due_at,
                market_at=due.market_at,
                lap=due.lap,
                state=state,
                reason=reason[:300],
                created_at=now,
            )
            if opening is not None:
                slot.run = runs.open_run(opening, now=now)
                slot.save(update_fields=["run"])
            return slot
    except IntegrityError:
        if not models.Slot.objects.filter(schedule=schedule, due_at=due.due_at).exists():
            raise
        log.info("slot_exists", schedule=schedule.pk, due_at=due.due_at.isoformat())
        return None
