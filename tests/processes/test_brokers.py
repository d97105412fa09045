"""The broker dies, hangs, comes back or stays away: runs are accepted and closed all the same."""

import time
from collections.abc import Iterator

import pytest

from tests import seeds
from tests.processes import fleets, records, waits
from tests.processes.emulators import Emulator, Rule
from tests.processes.fleets import WORKERS, Fleet
from tests.processes.nodes import CeleryBrokerCluster, CeleryTestSetup
from thalas import dispatch, models
from thalas.selectors import clock

pytestmark = pytest.mark.processes

ACCEPT_LIMIT_S = 1.0
SLOW: dict[str, list[Rule]] = {"*": [{"latency_s": 1.0}]}
# Longer than it takes a slow machine to have everyone asked, and no longer than a voter's time-out.
SLOWER: dict[str, list[Rule]] = {"*": [{"latency_s": 4.0}]}
# Workers may take ten seconds to find a broker that is back.
LONG_S = 40.0


def convene(*, deadline_s: float) -> models.Run:
    """Convene a council, which must not take longer than a second whatever the broker does."""
    started = time.monotonic()
    run = dispatch.convene(seeds.question(deadline_s=deadline_s), now=clock.now())
    waits.not_after(started, ACCEPT_LIMIT_S, "accepting a run")
    return run


def test_a_broker_that_forgets_everything_loses_a_callback_and_the_guard_closes_once_the_votes_are_in(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    emulator.obey(SLOWER)
    run = convene(deadline_s=LONG_S)
    waits.until(lambda: emulator.in_flight == 4, within_s=15, what="voters are being asked")
    # The others have returned to the chord: those to come are too few for it, and it is forgotten.
    waits.until(lambda: still_open(run) == 4, within_s=3, what="the others are in")
    fleets.flush()
    (closed,) = records.await_closed([run], within_s=LONG_S)
    assert closed.closed_at is not None
    waits.in_time(closed.closed_at < closed.deadline_at, "to close before the deadline")
    assert closed.closed_by == "guard"
    assert closed.close_reason == "every vote is in and the chord is silent"
    records.assert_heard([closed])
    assert set(closed.votes.values_list("starts", flat=True)) == {1}


def still_open(run: models.Run) -> int:
    """Return how many votes of *run* are not in."""
    return run.votes.filter(state__in=models.Vote.OPEN_STATES).count()


def test_a_broker_killed_in_mid_run_and_restarted_loses_no_run(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    emulator.obey(SLOW)
    before = [convene(deadline_s=LONG_S) for _ in range(5)]
    waits.until(lambda: emulator.in_flight >= 4, within_s=15, what="voters are being asked")
    celery_setup.broker.kill()
    during = [convene(deadline_s=LONG_S) for _ in range(3)]
    celery_setup.broker.restart()
    after = [convene(deadline_s=LONG_S) for _ in range(2)]
    opened = [*before, *during, *after]

    def are_closed() -> bool:
        guards.revive(*WORKERS)
        return records.are_closed([run.pk for run in opened])

    waits.until(are_closed, within_s=LONG_S + 10, what="every run is closed")
    closed = records.await_closed(opened, within_s=0)
    # What they decide is the voters' business, who may well disagree.
    waits.in_time(all(run.decision.heard >= run.quorum for run in closed), "each run's voters to be heard")
    emulator.obey({})
    records.assert_heard(records.await_closed([convene(deadline_s=LONG_S)], within_s=LONG_S))


def test_with_no_broker_at_all_every_run_is_accepted_and_closed_without_decision(
    celery_broker_cluster: CeleryBrokerCluster, guards: Fleet
) -> None:
    guards.dismiss(*WORKERS)
    celery_broker_cluster[0].kill()
    opened = [convene(deadline_s=3.0) for _ in range(20)]
    closed = records.await_closed(opened, within_s=15)
    assert {run.closed_by for run in closed} == {"guard"}
    assert set(records.outcomes(closed)) == {"NO_DECISION"}
    assert models.Vote.objects.filter(starts=0, state="missing").count() == 20 * 5


@pytest.fixture
def hanging_broker(celery_broker_cluster: CeleryBrokerCluster) -> Iterator[CeleryBrokerCluster]:
    """A broker that answers nothing from now on, though it did a moment ago and still takes connections."""
    run = dispatch.convene(seeds.question(), now=clock.now())
    waits.until(lambda: dispatch.publish(run), within_s=5, what="the broker takes a run")
    celery_broker_cluster[0].kill("SIGSTOP")
    yield celery_broker_cluster
    celery_broker_cluster[0].kill("SIGCONT")


def test_a_broker_that_hangs_delays_nobody_by_more_than_a_second(
    hanging_broker: CeleryBrokerCluster, guards: Fleet
) -> None:
    opened = [convene(deadline_s=3.0) for _ in range(3)]
    closed = records.await_closed(opened, within_s=15)
    # A worker of an earlier test looks, too, once a guard is late.
    assert {run.closed_by for run in closed} <= {"guard", "worker"}
