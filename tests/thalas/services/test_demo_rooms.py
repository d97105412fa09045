"""The demo's account never fills up: scan after scan, lap after lap, there is room for the next order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from providers.markets import timeframes
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.approvals import PASSED
from thalas import models
from thalas.selectors import clock, desks, markets
from thalas.services import closings, replays, schedules

SPEED = 1440.0  # of the demo: a day passes in a minute
SCAN = "majors-daily"


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan, a while after it was closed: what it got, and what the account then holds free."""

    passed: int
    held_usd: float
    orders: int
    lap: int


def scans(count: int, *, days_to_the_end: int) -> Iterator[Scanned]:
    """Let the demo's schedule fire so often, everybody say BUY to everything, and the runs close."""
    now = clock.now()
    models.ReplayTape.objects.all().delete()
    row = replays.resume(markets.market().span(), speed=SPEED, now=now)
    until = row.ends_at - timedelta(days=days_to_the_end)
    models.ReplayTape.objects.update(market_anchor_at=timeframes.last_close("1d", until))
    for _ in range(count):
        now += timedelta(seconds=60)
        fired = [slot.run for slot in schedules.tick(SCAN, now=now) if slot.run is not None]
        for run in fired:
            council.everyone(run, council.buy(run), after_s=1)
            closings.close_run(run.pk, by=closings.CHORD, reason="a test", now=now + timedelta(seconds=2))
        yield seen(fired, now + timedelta(seconds=3))


def seen(fired: list[models.Run], now: datetime) -> Scanned:
    tape = markets.tape(now=now)
    holds = [hold for hold in desks.look("demo", now=now, tape=tape).holds if hold.is_open]
    passed = models.DecisionLeg.objects.filter(decision_id__in=[run.pk for run in fired], verdict__in=PASSED)
    return Scanned(passed.count(), sum(abs(hold.size_usd) for hold in holds), len(holds), tape.at.lap)


def _check_room(count: int, *, days_to_the_end: int) -> list[Scanned]:
    account = models.Account.objects.get(pk="demo")
    most = float(account.equity_usd * account.max_position_pct / 100)
    found = list(scans(count, days_to_the_end=days_to_the_end))
    symbols = len(models.Watchlist.objects.get(pk="majors").symbols)
    for place, scan in enumerate(found):
        assert scan.orders == scan.passed <= symbols, (place, scan)
        assert scan.held_usd <= symbols * most
    approved = [scan.passed for scan in found]
    # The days around a gap in the recordings, or the tape's beginning, may have none.
    assert sum(passed > 0 for passed in approved[-20:]) >= 15, approved
    return found


@pytest.mark.usefixtures("house")
def test_thirty_scans_that_all_say_buy_leave_room_for_the_next_over_the_end_of_the_tape() -> None:
    found = _check_room(30, days_to_the_end=5)
    assert {scan.lap for scan in found} == {0, 1}


@pytest.mark.acceptance
@pytest.mark.usefixtures("house")
def test_five_hundred_scans_that_all_say_buy_leave_room_for_the_next() -> None:
    found = _check_room(500, days_to_the_end=400)
    assert {scan.lap for scan in found} == {0, 1}
    assert sum(scan.passed for scan in found) > 1_000
