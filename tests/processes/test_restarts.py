"""Workers are told to stop in turn, a fresh one beside each: no vote is lost and none is paid twice."""

import itertools
import time
from collections.abc import Sequence

import pytest

from tests import seeds
from tests.processes import fleets, loads, records, waits
from tests.processes.emulators import Emulator
from tests.processes.fleets import CORE, GUARDS, VOTES, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch, models
from thalas.roster import EMULATED
from thalas.selectors import clock

pytestmark = pytest.mark.processes

PANEL = tuple(f"emulated-{persona}" for persona in EMULATED)
RUNS_PER_S = 10.0
DEADLINE_S = 40.0
EXIT_LIMIT_S = 30.0
# A worker asks each time another; the second name is the one that stands in.
TURNS = ((VOTES, "votes-beside"), (CORE, "core-beside"))


def beside(fleet: Fleet, name: str, *, like: str) -> None:
    """Make a worker *name* that works like another and can be told from it."""
    argv = tuple(
        f"--hostname={name}@%h" if word.startswith("--hostname=") else word for word in fleet.argv(like)
    )
    fleet.add(name, like=like, argv=argv)


def roll(fleet: Fleet, *, for_s: float) -> list[float]:
    """Replace the workers in turn for so many seconds; return how long each took to end when told to."""
    for original, other in TURNS:
        beside(fleet, other, like=original)
    exits_s, give_up_at = [], time.monotonic() + for_s
    serving = {original: (original, other) for original, other in TURNS}
    for turn in itertools.cycle([original for original, _ in TURNS]):
        old, fresh = serving[turn]
        fleet.muster(fresh)
        told_at = time.monotonic()
        fleet[old].kill("SIGTERM")
        exits_s.append(time.monotonic() - told_at)
        waits.no_longer(exits_s[-1], EXIT_LIMIT_S, f"the exit of {old}")
        assert fleet[old].exit_code == 0, f"{old} was not left to end by itself"
        serving[turn] = fresh, old
        if time.monotonic() >= give_up_at:
            return exits_s
    raise AssertionError("never ends by itself")


def assert_nothing_was_lost(closed: Sequence[models.Run], *, paid: int) -> None:
    """Check that each voter was heard, asked once, and paid once."""
    votes = models.Vote.objects.filter(run__in=closed)
    records.assert_heard(closed)
    odd = list(votes.exclude(state="cast", starts=1).values_list("state", "error_kind", "starts"))
    assert odd == []
    assert paid == votes.count() == len(closed) * len(PANEL)
    assert "NO_DECISION" not in records.outcomes(closed)


def roll_under_load(
    fleet: Fleet, emulator: Emulator, *, for_s: float
) -> tuple[list[models.Run], list[float]]:
    """Replace workers under load and check all; return the runs and how long each worker took to end."""
    emulator.obey({"*": [{"latency_s": 0.4, "action": "BUY", "confidence": 0.8}]})
    paid_before = emulator.paid
    with loads.steady(seeds.question(panel=PANEL, deadline_s=DEADLINE_S), per_s=RUNS_PER_S) as load:
        exits_s = roll(fleet, for_s=for_s)
    closed = records.await_closed(load.opened, within_s=DEADLINE_S + 2)
    assert_nothing_was_lost(closed, paid=emulator.paid - paid_before)
    waits.in_time(load.refused == 0, f"the database to take {load.refused} runs more")
    return closed, exits_s


def test_rolling_restarts_lose_no_vote_and_pay_none_twice(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    closed, exits_s = roll_under_load(guards, emulator, for_s=12.0)
    tell(capsys, closed, exits_s)


@pytest.mark.acceptance
@pytest.mark.timeout(300)
def test_a_minute_of_rolling_restarts_loses_no_vote_and_pays_none_twice(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    closed, exits_s = roll_under_load(guards, emulator, for_s=60.0)
    tell(capsys, closed, exits_s)
    waits.in_time(len(closed) >= 500, f"to open 500 runs, not {len(closed)}")


def tell(capsys: pytest.CaptureFixture[str], closed: Sequence[models.Run], exits_s: list[float]) -> None:
    """Print what was measured."""
    slowest_s, p95_s = max(exits_s), loads.p95(loads.latencies_s(closed))
    with capsys.disabled():
        print(
            f"\n{len(closed)} runs over {len(exits_s)} restarts: exits ≤ {slowest_s:.1f} s, p95 {p95_s:.2f} s"
        )


@pytest.mark.acceptance
def test_a_worker_that_stops_gives_back_the_messages_that_it_holds_and_has_not_begun(
    celery_setup: CeleryTestSetup, emulator: Emulator, live_house: Fleet
) -> None:
    live_house.dismiss(VOTES, *GUARDS)  # a guard's canaries would lie in the queue, too
    argv = tuple(
        "--concurrency=1" if word.startswith("--concurrency") else word for word in live_house.argv(VOTES)
    )
    narrow = live_house.add("votes-single", like=VOTES, argv=argv)
    live_house.muster(narrow.name)
    emulator.obey({"*": [{"latency_s": 1.0, "action": "BUY", "confidence": 0.8}]})
    paid_before = emulator.paid
    run = dispatch.convene(seeds.question(panel=PANEL, deadline_s=DEADLINE_S), now=clock.now())
    waits.until(lambda: emulator.in_flight == 1, within_s=15, what="one request is in flight")
    narrow.kill("SIGTERM")
    with fleets.valkey() as client:
        left = client.llen("votes")
    assert records.states(run) == {**dict.fromkeys(PANEL, "expected"), **answered(run)}
    assert len(answered(run)) == 1
    assert left == 3, "the one it had fetched ahead lies in the queue again beside the others"
    live_house.muster(VOTES)
    (closed,) = records.await_closed([run], within_s=30)
    assert_nothing_was_lost([closed], paid=emulator.paid - paid_before)


def answered(run: models.Run) -> dict[str, str]:
    """Return the votes of *run* that were cast, by voter."""
    return {voter: state for voter, state in records.states(run).items() if state == "cast"}
