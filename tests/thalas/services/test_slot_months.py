"""400 days in four zones, looked at by three tickers at random times, against a walk over all of them."""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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
    Crontab("*/20 1-3,23 * * 0,6", frozenset({0, 20, 40}), frozenset({1, 2, 3, 23}), weekdays=frozenset({6, 7})),
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
    """Return when *crontab* is due, in words: named hours once each, at the jump if left out; a star as shown."""
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
        at += timedelta(seconds=rng.choice([20, 3600, 86_400 * 4, 86_400 * 16]) * rng.random() + 1)
        at = min(at, end)
        for _ in range(rng.randint(1, 3)):
            yield at + timedelta(seconds=rng.uniform(-SKEW_S, SKEW_S))


@pytest.mark.parametrize("crontab", CRONTABS, ids=lambda crontab: crontab.text)
@pytest.mark.parametrize("timezone", ZONES)  # last: its walk is made once
def test_over_400_days_each_due_time_has_one_slot_as_its_policy_says(timezone: str, crontab: Crontab) -> None:
    rng = random.Random(f"{timezone} {crontab.text}")
    policy = rng.choice(["latest", "skip"])
    models.Schedule.objects.create(
        name="odd", why="a test", watchlist_id="bitcoin", timeframe="1d", cadence="crontab", missed=policy,
        crontab=crontab.text, timezone=timezone, overlap="allow", deadline_s=DEADLINE_S, starts_at=START - STEP,
    )  # fmt: skip
    models.Watchlist.objects.update(symbols=[])  # what is fired fails at once, which costs little
    due, seen_until, cut, left_out = expected(crontab, timezone), START - STEP, 0, 0
    states: dict[datetime, str] = {}
    for now in looks(rng):
        new = due[bisect_right(due, seen_until) : bisect_right(due, now)]
        seen_until = max(seen_until, now)
        schedules.tick("odd", now=now)
        cut += bool(new[:-200])
        left_out += len(new[:-200])
        states.update(dict.fromkeys(new[-200:], "missed"))
        if new and (policy == "latest" or (now - new[-1]).total_seconds() <= DEADLINE_S):
            states[new[-1]] = "failed"
    found = models.Slot.objects.filter(schedule="odd").order_by("due_at")
    assert [(slot.due_at, slot.state) for slot in found] == list(states.items())
    assert all(f"policy {policy} " in slot.reason for slot in found if slot.state == "missed")
    assert found.filter(reason__contains="came due earlier").count() == cut
    assert len(states) + left_out > len(due) * 0.9
