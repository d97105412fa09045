"""400 days in four zones, looked at by three tickers at random times, against a walk over all of them."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest

from tests.seeds import moment
from thalas import models
from thalas.services import schedules

pytestmark = pytest.mark.usefixtures("house")

START, DAYS = moment(2026, 1, 10), 400
STEP = timedelta(minutes=5)  # every crontab here, and every change of clocks, is at a multiple
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
DEADLINE_S = 30.0
SKEW_S = 90


@dataclass(frozen=True, slots=True)
class Crontab:
    """A crontab, and in plain numbers what its five fields mean; *hours* None is a star."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int] | None
    months: frozenset[int] = frozenset(range(1, 13))
    days: frozenset[int] = frozenset(range(1, 32))
    weekdays: frozenset[int] = frozenset(range(1, 8))

    def means(self, shown: datetime) -> bool:
        """Say whether the crontab means the moment when the clock shows *shown*."""
        return (
            shown.minute in self.minutes
            and (self.hours is None or shown.hour in self.hours)
            and shown.month in self.months
            and shown.day in self.days
            and shown.isoweekday() in self.weekdays
        )


CRONTABS = (
    Crontab("0 * * * *", frozenset({0}), None),
    Crontab("30 2 * * *", frozenset({30}), frozenset({2})),
    Crontab(
        "*/20 1-3,23 * * 0,6", frozenset({0, 20, 40}), frozenset({1, 2, 3, 23}), weekdays=frozenset({6, 7})
    ),
    Crontab("45 1 1-15 * *", frozenset({45}), frozenset({1}), days=frozenset(range(1, 16))),
)


@lru_cache(maxsize=1)
def walked(timezone: str) -> list[tuple[datetime, list[datetime], bool]]:
    """Return every step of the 400 days: when, what clocks show and jump over, and whether once more."""
    zone, steps = ZoneInfo(timezone), []
    before = (START - STEP).astimezone(zone)
    for index in range(timedelta(days=DAYS) // STEP):
        at = START + index * STEP
        shown = at.astimezone(zone)
        face, last = shown.replace(tzinfo=None), before.replace(tzinfo=None)
        jumped = [last + n * STEP for n in range(1, (face - last) // STEP)]
        steps.append((at, [*jumped, face], shown.fold == 1))
        before = shown
    return steps


def expected(crontab: Crontab, timezone: str) -> list[datetime]:
    """Return when *crontab* is due: named hours once each, at the jump if left out; a star as shown."""
    due = []
    for at, faces, is_again in walked(timezone):
        if crontab.hours is None:
            is_due = crontab.means(faces[-1])
        else:
            is_due = not is_again and any(crontab.means(face) for face in faces)
        if is_due:
            due.append(at)
    return due


def looks(rng: random.Random) -> Iterator[datetime]:
    """Yield what three tickers take for now: mostly minutes apart around a look, days between looks."""
    at, end = START, START + timedelta(days=DAYS - 1)
    while at < end:
        at += timedelta(seconds=rng.choice([20, 3600, 86_400 * 6, 86_400 * 18]) * rng.random() + 1)
        at = min(at, end)
        for _ in range(rng.randint(1, 3)):
            yield at + timedelta(seconds=rng.uniform(-SKEW_S, SKEW_S))


@pytest.mark.parametrize("timezone", ZONES)
def test_over_400_days_each_due_time_has_one_slot_as_its_policy_says(timezone: str) -> None:
    rng = random.Random(timezone)
    models.Watchlist.objects.update(symbols=[])  # what is fired fails at once, which costs little
    for number, crontab in enumerate(CRONTABS):
        schedule = models.Schedule.objects.create(
            name=f"odd-{number}",
            why="a test",
            watchlist_id="bitcoin",
            timeframe="1d",
            cadence="crontab",
            crontab=crontab.text,
            timezone=timezone,
            missed=rng.choice(["latest", "skip"]),
            overlap="allow",
            deadline_s=DEADLINE_S,
            starts_at=START - STEP,
        )
        live_through(schedule, expected(crontab, timezone), list(looks(rng)))


def live_through(schedule: models.Schedule, due: list[datetime], nows: list[datetime]) -> None:
    """Tick *schedule* at each of *nows*, and hold its slots against what is said of *due*."""
    states: dict[datetime, str] = {}
    seen_until, cuts, left_out = START - STEP, 0, 0
    for now in nows:
        new = due[bisect_right(due, seen_until) : bisect_right(due, now)]
        seen_until = max(seen_until, now)
        schedules.tick(schedule.pk, now=now)
        cuts += len(new) > 200
        left_out += len(new[:-200])
        states.update(dict.fromkeys(new[-200:], "missed"))
        if new and (schedule.missed == "latest" or (now - new[-1]).total_seconds() <= DEADLINE_S):
            states[new[-1]] = "failed"
    slots = schedule.slots.order_by("due_at")
    assert list(slots.values_list("due_at", "state")) == list(states.items()), schedule.crontab
    reasons = slots.filter(state="missed").values_list("reason", flat=True)
    assert all(f"policy {schedule.missed} " in reason for reason in reasons)
    assert slots.filter(reason__contains="came due earlier").count() == cuts
    assert len(states) + left_out >= len(due) * 0.99
