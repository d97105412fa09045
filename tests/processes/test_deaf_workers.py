"""Workers that look alive: the deaf one ends itself; one that is busy, cut off or was stopped does not."""

import os
import socket
import time

import pytest

from tests import seeds
from tests.processes import deafened, fleets, records, waits
from tests.processes.emulators import Emulator
from tests.processes.fleets import VOTES, Fleet
from tests.processes.local_processes import LocalProcess
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch, models
from thalas.selectors import clock
from thalas.workers.watches import LAST_CALLS_S

pytestmark = pytest.mark.processes

BULL = "emulated-bull"
# Longer than a worker that hears nothing lives: five canaries, 1.5 s apart, and the look after them.
LONG_ENOUGH_S = 12.0


def stand_in(fleet: Fleet, name: str, **words: str) -> LocalProcess:
    """Return a worker *name* in place of the usual one, its command line with some *words* replaced."""
    fleet.dismiss(VOTES)
    argv = tuple(words.get(word.strip("-").partition("=")[0], word) for word in fleet.argv(VOTES))
    worker = fleet.add(name, like=VOTES, argv=argv)
    worker.ready()
    return worker


def test_a_worker_that_goes_deaf_ends_itself_and_its_successor_eats_what_waited(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    deaf = stand_in(live_house, "deaf-votes", celery="tests.processes.deafened")
    waits.until(lambda: deafened.DEAF in deaf.said, within_s=30, what="it has gone deaf")
    run = dispatch.convene(seeds.question(deadline_s=120.0), now=clock.now())
    node = f"votes@{socket.gethostname()}"
    waits.until(lambda: fleets.busy_with(node) == [], within_s=5, what="it looks alive")
    waits.until(lambda: deaf.status == "exited", within_s=30, what="it has ended itself")
    assert deaf.exit_code == os.EX_TEMPFAIL
    assert "worker_deaf" in deaf.said
    live_house.muster(VOTES)  # as the supervisor does, and this one keeps its hearing
    records.assert_heard(records.await_closed([run], within_s=60))


@pytest.mark.acceptance
def test_a_worker_whose_threads_are_all_busy_is_not_deaf(
    celery_setup: CeleryTestSetup, live_house: Fleet, emulator: Emulator
) -> None:
    busy = stand_in(live_house, "busy-votes", concurrency="--concurrency=2")
    models.Voter.objects.filter(pk=BULL).update(timeout_s=30.0)
    emulator.obey({BULL: [{"latency_s": LONG_ENOUGH_S + LAST_CALLS_S, "action": "BUY"}]})
    opened = [
        dispatch.convene(seeds.question(deadline_s=60.0, panel=[BULL]), now=clock.now()) for _ in range(5)
    ]
    waits.until(lambda: emulator.in_flight == 2, within_s=15, what="both threads ask")
    pid = busy.pid
    waits.until(lambda: records.are_closed([opened[0].pk]), within_s=40, what="the first is answered")
    assert busy.status == "running"
    assert busy.pid == pid


def test_a_worker_without_a_broker_does_not_end_itself(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    pid = live_house[VOTES].pid
    celery_setup.broker.kill()
    gone_at = time.monotonic()
    waits.until(lambda: time.monotonic() - gone_at > LONG_ENOUGH_S, within_s=20, what="some time has passed")
    assert live_house[VOTES].status == "running"
    celery_setup.broker.restart()
    run = dispatch.convene(seeds.question(deadline_s=60.0), now=clock.now())
    records.assert_heard(records.await_closed([run], within_s=40))
    assert live_house[VOTES].pid == pid


@pytest.mark.acceptance
def test_a_worker_that_was_stopped_for_a_while_does_not_end_itself(
    celery_setup: CeleryTestSetup, live_house: Fleet
) -> None:
    worker = live_house[VOTES]
    worker.kill("SIGSTOP")
    time.sleep(LONG_ENOUGH_S)
    worker.kill("SIGCONT")
    run = dispatch.convene(seeds.question(deadline_s=60.0), now=clock.now())
    records.assert_heard(records.await_closed([run], within_s=40))
    assert worker.status == "running"
