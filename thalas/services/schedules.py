"""Fire what is due: one slot row per due time, so that however many beats tick, nothing fires twice.

What to do is thought out first, with the market read and nothing locked; then one short
transaction locks the schedule's row, looks again, and inserts the slots with the run.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from providers.errors import MarketError
from thalas import models
from thalas.domain import cadences
from thalas.errors import BadInput, NotFound
from thalas.selectors import slots
from thalas.selectors.slots import Due
from thalas.services import councils, runs

# How far a scan by hand looks back for the newest slot.
FIRST_LOOK = timedelta(days=2)
# A tick that found nothing due says that it has looked at most this often.
MARK_EVERY = timedelta(seconds=5)
# A mark this far ahead is no other tick's: the database's clock has been set back.
CLOCK_SET_BACK = timedelta(seconds=60)
STILL_OPEN = "the last run of this schedule is still open"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the newest due time is to become; it fires if there is an *opening*."""

    state: models.Slot.State
    reason: str = ""
    opening: runs.Opening | None = None


def tick(name: str, *, now: datetime) -> list[models.Slot]:
    """Insert every slot of schedule *name* that came due since its last one; return those made here.

    The newest is fired unless its policy says otherwise; the older ones are kept as
    missed, with the reason. While a schedule is disabled nothing of it comes due.

    Raises:  NotFound; BadInput if its crontab or time zone cannot be read; MarketUnavailable.
    """
    schedule = models.Schedule.objects.select_related("watchlist").filter(pk=name).first()
    if schedule is None:
        raise NotFound(f"there is no schedule {name}")
    due = slots.unsettled(schedule, until=now) if schedule.is_enabled else []
    if not due:
        _mark(schedule, now, every=MARK_EVERY)
        return []
    plan = _plan(schedule, due[-1], now)
    with transaction.atomic():
        schedule = _locked(name)
        due = slots.unsettled(schedule, until=now) if schedule.is_enabled else []
        return _settle(schedule, due, plan, now) if due else []


def scan(name: str, *, now: datetime) -> tuple[models.Slot, bool]:
    """Fire the newest slot of schedule *name* now; return it, and whether it was made here.

    Where nothing has come due yet, now is the slot. However late it is, a person has asked for it.

    Raises:  BadInput if there is no such schedule, or its watchlist, timeframe or crontab cannot be
             used; MarketError.
    """
    schedule = models.Schedule.objects.select_related("watchlist").filter(pk=name).first()
    if schedule is None:
        known = ", ".join(models.Schedule.objects.values_list("pk", flat=True)) or "none yet"
        raise BadInput("schedule", name, f"schedules: {known}")
    # Prepared first: a person is told what is wrong, and nothing is stored.
    plan = _Plan(models.Slot.State.FIRED, opening=councils.prepare(_question(schedule), now=now))
    with transaction.atomic():
        schedule = _locked(name)
        due = slots.due_since(schedule, now - FIRST_LOOK, until=now)
        newest = due[-1] if due else Due(now)
        found = slots.of(schedule, newest)
        if found is not None:
            return found, False
        older = slots.unsettled(schedule, until=now) if schedule.is_enabled else []
        older = [item for item in older if item.due_at < newest.due_at]
        return _settle(schedule, [*older, newest], plan, now)[-1], True


def miss_until(schedule: models.Schedule, *, until: datetime, now: datetime) -> int:
    """Keep what came due up to *until* and nobody settled as missed; return how many slots that were."""
    with transaction.atomic():
        schedule = _locked(schedule.pk)
        due = slots.unsettled(schedule, until=until)
        models.Slot.objects.bulk_create(_missed(schedule, due, now))
        return len(due)


def _locked(name: str) -> models.Schedule:
    """Return schedule *name*, its row locked: of several ticks at once, one decides and inserts at a time.

    SQLite has no rows to lock; there the transaction has locked the whole database as it began.
    """
    rows = models.Schedule.objects.select_related("watchlist").select_for_update(of=("self",), no_key=True)
    schedule = rows.filter(pk=name).first()
    if schedule is None:
        raise NotFound(f"there is no schedule {name} any more")
    return schedule


def _plan(schedule: models.Schedule, due: Due, now: datetime) -> _Plan:
    is_late = now - due.due_at > timedelta(seconds=schedule.deadline_s)
    if schedule.missed == models.Schedule.Missed.SKIP and is_late:
        return _Plan(models.Slot.State.MISSED, _why_missed(schedule))
    if schedule.overlap == models.Schedule.Overlap.SKIP and slots.is_busy(schedule):
        return _Plan(models.Slot.State.SKIPPED, STILL_OPEN)
    try:
        return _Plan(models.Slot.State.FIRED, opening=councils.prepare(_question(schedule), now=now))
    except (BadInput, MarketError) as error:
        return _Plan(models.Slot.State.FAILED, str(error))


def _question(schedule: models.Schedule) -> councils.Question:
    return councils.Question(
        symbols=_symbols(schedule.watchlist),
        timeframe=schedule.timeframe,
        requested_by=f"schedule {schedule.pk}",
        deadline_s=schedule.deadline_s,
        kind=models.Run.Kind.SCAN,
        may_close_early=schedule.may_close_early,
        method=schedule.method,
    )


def _symbols(watchlist: models.Watchlist) -> list[str]:
    stored: object = watchlist.symbols
    if not isinstance(stored, list) or not all(isinstance(symbol, str) for symbol in stored):
        raise BadInput("watchlist", stored, 'give a list of symbols such as ["BTC/USD"]')
    return stored


def _settle(schedule: models.Schedule, due: list[Due], plan: _Plan, now: datetime) -> list[models.Slot]:
    """Insert the slots of *due*, the newest as planned, under the lock on *schedule*."""
    *older, newest = due
    may_overlap = schedule.overlap == models.Schedule.Overlap.ALLOW
    if plan.opening is not None and not may_overlap and slots.is_busy(schedule):
        plan = _Plan(models.Slot.State.SKIPPED, STILL_OPEN)
    made = models.Slot.objects.bulk_create(_missed(schedule, older, now))
    slot = _slot(schedule, newest, plan.state, plan.reason, now)
    if plan.opening is not None:
        slot.run = runs.open_run(plan.opening, now=now)
    slot.save()
    _mark(schedule, now)
    return [*made, slot]


def _missed(schedule: models.Schedule, due: list[Due], now: datetime) -> list[models.Slot]:
    """Return the slots for *due*; where more were missed than have one, the first says so."""
    reasons = [_why_missed(schedule)] * len(due)
    if len(due) >= cadences.LIMIT - 1:
        after = slots.settled_until(schedule, now=now)
        before = due[0].due_at - timedelta(microseconds=1)
        if slots.due_since(schedule, after, until=before):
            reasons[0] += (
                f"; nor what came due earlier, after {after:%Y-%m-%d %H:%M:%S} UTC, without a row each"
            )
    return [
        _slot(schedule, item, models.Slot.State.MISSED, reason, now)
        for item, reason in zip(due, reasons, strict=True)
    ]


def _why_missed(schedule: models.Schedule) -> str:
    return f"its time passed while nothing ticked; policy {schedule.missed} does not run it"


def _slot(
    schedule: models.Schedule, due: Due, state: models.Slot.State, reason: str, now: datetime
) -> models.Slot:
    return models.Slot(
        schedule=schedule,
        due_at=due.due_at,
        market_at=due.market_at,
        lap=due.lap,
        state=state,
        reason=reason[:300],
        created_at=now,
    )


def _mark(schedule: models.Schedule, now: datetime, *, every: timedelta = timedelta(0)) -> None:
    """Note that everything of *schedule* up to *now* has been looked at and settled."""
    marked = schedule.ticked_at
    if marked is not None and now - every <= marked <= now + CLOCK_SET_BACK:
        return
    is_old = Q(ticked_at=None) | Q(ticked_at__lt=now) | Q(ticked_at__gt=now + CLOCK_SET_BACK)
    models.Schedule.objects.filter(is_old, pk=schedule.pk).update(ticked_at=now)
