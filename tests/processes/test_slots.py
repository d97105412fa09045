"""Three real beats on clocks minutes apart, killed in turn: every due time has one slot, none is late."""

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from tests.processes import shifted_beats, waits
from tests.processes.fleets import CORE, Fleet
from thalas import models
from thalas.celery import app
from thalas.domain import cadences
from thalas.selectors import clock
from thalas.services import beats

pytestmark = pytest.mark.processes

CLOCKS_S = {"beat-slow": -90, "beat-right": 0, "beat-fast": 90}
TAKEOVER_S = 10.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What is done to the beats: how long, how often one is killed, and how often a slot comes due."""

    length_s: float
    kill_every_s: float
    slot_every_s: int


SHORT = Storm(length_s=14, kill_every_s=4, slot_every_s=2)
# 120 minutes, each in a second. A kill is not sped up with them: a beat needs its second to start.
TWO_HOURS = Storm(length_s=120, kill_every_s=5, slot_every_s=1)


@pytest.fixture
def three_beats(live_house: Fleet) -> tuple[str, ...]:
    """Beats on clocks that are CLOCKS_S off, a broker and a worker; nothing is scheduled yet."""
    models.Schedule.objects.all().delete()
    live_house.muster("broker", CORE)
    words = live_house.argv("beat")
    for name, ahead_s in CLOCKS_S.items():
        argv = (sys.executable, "-m", "tests.processes.shifted_beats", str(ahead_s), *words[3:])
        live_house.add(name, like="beat", argv=argv)
    return tuple(CLOCKS_S)


def schedule(name: str, every_s: int) -> models.Schedule:
    """Make an interval schedule of *every_s* that starts now, ticked every second."""
    made = models.Schedule.objects.create(
        name=name,
        why="a test",
        watchlist_id="bitcoin",
        timeframe="1d",
        cadence="interval",
        every_s=every_s,
        overlap="allow",
        starts_at=clock.now(),
    )
    beats.tick_row(made, every_s=1)
    return made


def begun(fleet: Fleet, names: tuple[str, ...], every_s: int) -> models.Schedule:
    """Start the beats *names* and let a schedule start once its first slot has been fired."""
    made = schedule("storm", every_s)
    fleet.muster(*names)
    waits.until(made.slots.all().exists, within_s=40, what="a first slot is fired")
    made.starts_at = clock.now()
    made.save(update_fields=["starts_at"])
    return made


def ended(made: models.Schedule) -> datetime:
    """Switch *made* off once a tick has looked at it again; return until when it was on."""
    until = clock.now()
    waits.until(
        lambda: made.slots.filter(created_at__gt=until + timedelta(seconds=1)).exists(),
        within_s=TAKEOVER_S,
        what="a slot is made after the end",
    )
    models.Schedule.objects.update(is_enabled=False)
    return until


def judge(made: models.Schedule, until: datetime) -> tuple[Counter[str], float]:
    """Hold every due time of *made* up to *until* against its slots and runs.

    Return how many slots are in each state, and by how many seconds the latest was late.
    """
    due = cadences.every(made.every_s or 0, after=made.starts_at, until=until)
    assert len(due) < cadences.LIMIT, "the storm is longer than what is looked at"
    slots = list(made.slots.filter(due_at__gt=made.starts_at, due_at__lte=until).order_by("due_at"))
    assert [slot.due_at for slot in slots] == due, "each due time has its slot, and only one"
    late_s = max((slot.created_at - slot.due_at).total_seconds() for slot in slots)
    waits.no_longer(late_s, TAKEOVER_S, "the slot that was latest")
    for slot in slots:
        assert (slot.state == "fired") == (slot.run is not None) == (slot.reason == ""), slot
    fired = made.slots.filter(state="fired").count()
    assert models.Run.objects.filter(requested_by=f"schedule {made.pk}").count() == fired
    return Counter(str(slot.state) for slot in slots), late_s


def rage(fleet: Fleet, names: tuple[str, ...], storm: Storm) -> int:
    """Kill a beat every so often, each as often as the others, and start it again; return how many died."""
    order = random.Random(9)
    killed, end = 0, time.monotonic() + storm.length_s
    while time.monotonic() < end:
        for name in order.sample(names, len(names)):
            if time.monotonic() >= end:
                break
            time.sleep(storm.kill_every_s)
            fleet[name].kill()
            fleet.revive(name)
            killed += 1
    return killed


@pytest.mark.parametrize(
    "storm",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.acceptance),
        pytest.param(TWO_HOURS, id="two hours", marks=[pytest.mark.acceptance, pytest.mark.timeout(240)]),
    ],
)
def test_beats_on_clocks_apart_that_are_killed_in_turn_fire_every_slot_once_and_in_time(
    live_house: Fleet, three_beats: tuple[str, ...], storm: Storm
) -> None:
    made = begun(live_house, three_beats, storm.slot_every_s)
    killed = rage(live_house, three_beats, storm)
    until = ended(made)
    live_house.dismiss(*three_beats)
    states, late_s = judge(made, until)
    print(f"{killed} beats killed; slots: {dict(states)}, at most {late_s:.2f} s late")
    assert killed >= storm.length_s / storm.kill_every_s - 2
    assert set(states) <= {"fired", "missed"}
    assert states["fired"] >= 0.5 * sum(states.values())


@pytest.mark.parametrize(
    "survivor",
    [pytest.param(name, marks=[] if name == "beat-slow" else pytest.mark.acceptance) for name in CLOCKS_S],
)
def test_the_only_beat_that_is_left_takes_over_whatever_its_clock_says(
    live_house: Fleet, three_beats: tuple[str, ...], survivor: str
) -> None:
    made = begun(live_house, three_beats, every_s=1)
    # All write down by their own clocks when they sent last; then one starts anew and is left alone.
    live_house.dismiss(*(name for name in three_beats if name != survivor))
    live_house[survivor].kill()
    live_house.revive(survivor)
    beat = live_house[survivor]  # how long its interpreter takes to start is the machine's business
    waits.until(lambda: shifted_beats.STARTS in beat.said, within_s=90, what=f"{survivor} starts")
    started_at = clock.now()
    waits.until(
        lambda: made.slots.filter(created_at__gt=started_at + timedelta(seconds=1)).exists(),
        within_s=TAKEOVER_S,
        what=f"{survivor} alone fires a slot",
    )


def test_the_processes_beat_goes_by_its_own_clock_and_not_by_others() -> None:
    assert app.conf.beat_scheduler == "thalas.schedulers:SteadyScheduler"
