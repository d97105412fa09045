"""The guard alone makes a run certain: no broker, no worker, one guard killed, two at once."""

import json
from collections import defaultdict

import pytest

from tests import seeds
from tests.processes import records, waits
from tests.processes.fleets import GUARDS, WORKERS, Fleet
from thalas import models
from thalas.selectors import clock
from thalas.services import councils

pytestmark = pytest.mark.processes


def open_many(count: int, *, deadline_s: float) -> list[models.Run]:
    """Open runs that nobody is sent to work on."""
    question = seeds.question("BTC/USD", "ETH/USD", deadline_s=deadline_s)
    return [councils.open_question(question, now=clock.now()) for _ in range(count)]


@pytest.fixture
def nothing_else(live_house: Fleet) -> Fleet:
    """No broker and no worker."""
    live_house.dismiss(*WORKERS, "broker")
    return live_house


def test_two_guards_at_once_never_close_a_run_twice(nothing_else: Fleet) -> None:
    nothing_else.muster(*GUARDS)
    closed = records.await_closed(open_many(40, deadline_s=1.5), within_s=20)
    # A guard tells of a close once it is committed, a moment after it can be seen.
    once = {str(run.pk): ["run_closed"] for run in closed}
    waits.until(lambda: told(nothing_else).keys() >= once.keys(), within_s=10, what="every close is logged")
    said = {run_id: told(nothing_else)[run_id] for run_id in once}
    assert all(events.count("run_closed") == 1 for events in said.values()), said
    waits.in_time(said == once, f"to close without a wait for the database that ends in a failure: {said}")


def told(fleet: Fleet) -> dict[str, list[str]]:
    """Return the events that all logs tell of each run, by its id."""
    events: dict[str, list[str]] = defaultdict(list)
    for line in fleet.logs().splitlines():
        if line.startswith("{") and '"run_id"' in line:
            said = json.loads(line)
            events[said["run_id"]].append(said["event"])
    return events


def test_when_a_guard_is_killed_the_other_goes_on(nothing_else: Fleet) -> None:
    nothing_else.muster(*GUARDS)
    opened = open_many(10, deadline_s=1.0) + open_many(10, deadline_s=2.0)
    waits.until(lambda: records.are_closed([opened[0].pk]), within_s=10, what="closing has begun")
    nothing_else["guard-1"].kill()
    assert set(nothing_else.running) <= {"guard-2", "emulator"}
    closed = records.await_closed(opened, within_s=15)
    assert {run.closed_by for run in closed} == {"guard"}


def test_with_both_guards_dead_the_workers_close_in_time(live_house: Fleet) -> None:
    live_house.dismiss(*GUARDS)
    live_house.muster("broker", *WORKERS)
    closed = records.await_closed(open_many(20, deadline_s=1.5), within_s=15)
    assert {run.closed_by for run in closed} == {"worker"}
    assert set(records.outcomes(closed)) == {"NO_DECISION"}


def test_one_guard_alone_closes_every_run_once_and_in_time(nothing_else: Fleet) -> None:
    nothing_else.dismiss("guard-1")
    nothing_else.muster("guard-2")
    assert set(nothing_else.running) <= {"guard-2", "emulator"}
    closed = records.await_closed(open_many(20, deadline_s=1.5), within_s=15)
    assert {run.closed_by for run in closed} == {"guard"}
    assert set(records.outcomes(closed)) == {"NO_DECISION"}
