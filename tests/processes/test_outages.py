"""The broker is killed or hangs for a while: each worker eats again soon after, or its successor does."""

import itertools
import random
import time
import uuid
from dataclasses import dataclass

import pytest

from tests import seeds
from tests.processes import fleets, waits
from tests.processes.emulators import Emulator, Rule
from tests.processes.fleets import CORE, VOTES, WORKERS, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch
from thalas.celery import app
from thalas.selectors import clock

pytestmark = pytest.mark.processes

ANSWERS_WITHIN_S = 10.0
REPLACED_WITHIN_S = 30.0
QUEUE_OF = {VOTES: "votes", CORE: "core"}
# Seed 10, for the tenth promise: every run of the full form has the same outages.
CHANCE = random.Random(10)
LONG_S = [1.0, 30.0, *(round(CHANCE.uniform(1.0, 30.0), 1) for _ in range(18))]
SHORT_S = [1.0, 3.0, 6.0]
# Calls end while the broker is away and after: what they acknowledge came by a connection that is gone.
SLOW: dict[str, list[Rule]] = {"*": [{"latency_s": 2.5}]}
RUNS_UNDER_WAY = 30
DEADLINE_S = 12.0
WAYS = ("SIGKILL", "SIGSTOP")


@dataclass(frozen=True, slots=True)
class Resumption:
    """How one worker came through one outage: seconds until it ate again, and whether as another process."""

    way: str
    outage_s: float
    worker: str
    after_s: float
    is_replaced: bool

    @property
    def is_in_time(self) -> bool:
        """Whether the promise was kept."""
        return self.after_s <= (REPLACED_WITHIN_S if self.is_replaced else ANSWERS_WITHIN_S)


def suffer(fleet: Fleet, *, way: str, outage_s: float) -> list[Resumption]:
    """Take the broker away for *outage_s* seconds from workers at work; return how each came back."""
    for _ in range(RUNS_UNDER_WAY):
        dispatch.convene(seeds.question(deadline_s=DEADLINE_S), now=clock.now())
    waits.until(lambda: fleet.emulator.in_flight >= 4, within_s=15, what="voters are being asked")
    pids = {name: fleet[name].pid for name in WORKERS}
    fleet["broker"].kill(way)
    give_up_at = time.monotonic() + outage_s
    while time.monotonic() < give_up_at:
        fleet.revive(*WORKERS)  # as the supervisor does
        time.sleep(0.2)
    fleet["broker"].kill("SIGCONT") if way == "SIGSTOP" else fleet["broker"].restart()
    back_at = time.monotonic()
    for queue in QUEUE_OF.values():
        probe(queue)
    first = {queue: next_in(queue) for queue in QUEUE_OF.values()}
    ate_after_s: dict[str, float] = {}

    def has_everything_been_eaten() -> bool:
        fleet.revive(*WORKERS)
        for worker, queue in QUEUE_OF.items():
            # How long the line behind the first one is, is no matter of the outage.
            if worker not in ate_after_s and (first[queue] is None or next_in(queue) != first[queue]):
                ate_after_s[worker] = time.monotonic() - back_at
        return len(ate_after_s) == len(WORKERS) and fleets.nothing_waits()

    waits.until(
        has_everything_been_eaten, within_s=120, what=f"workers eat again after {outage_s} s of {way}"
    )
    return [
        Resumption(way, outage_s, name, round(ate_after_s[name], 1), fleet[name].pid != pids[name])
        for name in WORKERS
    ]


def probe(queue: str) -> None:
    """Put a message into *queue* that changes nothing; which queue is eaten shows who eats."""
    waits.until(lambda: is_sent(queue), within_s=15, what="the broker takes a message")


def is_sent(queue: str) -> bool:
    """Try to send it."""
    try:
        app.send_task(dispatch.CLOSE, kwargs={"run_id": str(uuid.uuid4())}, queue=queue)
    except dispatch.BROKER_AWAY:
        return False
    return True


def next_in(queue: str) -> object:
    """Return the message of *queue* that is to be eaten next, None if there is none."""
    with fleets.valkey() as client:
        return client.lindex(queue, -1)


def assert_in_time(resumed: list[Resumption]) -> None:
    """Check that every worker ate again as soon as was promised.

    Raises:  waits.TooSlow saying which did not.
    """
    late = [one for one in resumed if not one.is_in_time]
    if late:
        raise waits.TooSlow(f"of {len(resumed)} workers these were late: {late}")


@pytest.mark.parametrize(("way", "outage_s"), list(zip(itertools.cycle(WAYS), SHORT_S, strict=False)))
def test_workers_eat_again_soon_after_a_short_outage(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator, way: str, outage_s: float
) -> None:
    emulator.obey(SLOW)
    resumed = suffer(guards, way=way, outage_s=outage_s)
    assert_in_time(resumed)


@pytest.mark.acceptance
@pytest.mark.timeout(1800)
def test_workers_come_through_twenty_outages_of_up_to_thirty_seconds(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    emulator.obey(SLOW)
    ways = itertools.cycle(WAYS)
    resumed = [one for long in LONG_S for one in suffer(guards, way=next(ways), outage_s=long)]
    print(*resumed, sep="\n")
    assert_in_time(resumed)
