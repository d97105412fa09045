"""Workers that are killed, stopped, poisoned or fed nonsense: no vote is paid twice, no run stays open."""

import time

import pytest

from tests import seeds
from tests.processes import fleets, records, waits
from tests.processes.emulators import Emulator
from tests.processes.fleets import GUARDS, VOTES, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch, models
from thalas.celery import app
from thalas.selectors import clock

pytestmark = pytest.mark.processes

BULL = "emulated-bull"
EXIT_LIMIT_S = 30.0


def await_only_bull(run: models.Run, emulator: Emulator) -> None:
    """Wait until the request to one voter of *run* is in flight and the other has answered."""
    waits.until(
        lambda: records.states(run)["trend"] in records.HEARD_STATES, within_s=15, what="one is heard"
    )
    waits.until(lambda: emulator.in_flight == 1, within_s=15, what="the request is in flight")


@pytest.mark.parametrize(
    ("deadline_s", "state", "starts"),
    [
        # The lease is 4 + 2 s. After it, a whole time-out of 4 s is left of 20 s, but not of 9.9 s.
        (20.0, "cast", 2),
        (9.9, "failed", 1),
    ],
)
def test_a_worker_killed_while_it_asks_costs_no_run_and_no_call_more_than_was_started(
    celery_setup: CeleryTestSetup,
    guards: Fleet,
    emulator: Emulator,
    deadline_s: float,
    state: str,
    starts: int,
) -> None:
    models.Voter.objects.filter(pk=BULL).update(timeout_s=4.0)
    emulator.obey({BULL: [{"latency_s": 30.0, "times": 1}, {"latency_s": 0.05, "action": "BUY"}]})
    paid_before = emulator.paid
    run = dispatch.convene(seeds.question(deadline_s=deadline_s, panel=[BULL, "trend"]), now=clock.now())
    await_only_bull(run, emulator)
    guards[VOTES].kill()
    guards.muster(VOTES)
    (closed,) = records.await_closed([run], within_s=deadline_s + 5)
    vote = closed.votes.get(voter=BULL)
    assert vote.starts <= 2
    became = (vote.state, vote.starts, vote.error_kind)
    planned = (state, starts, "worker_lost" if state == "failed" else "")
    if became != planned and records.is_of_time(vote.state, vote.error_kind):
        raise waits.TooSlow(f"the worker was killed, or replaced, too late: {became}")
    assert became == planned
    assert emulator.paid - paid_before <= vote.starts
    assert closed.votes.get(voter="trend").starts == 1


def test_a_worker_that_is_asked_to_stop_records_the_vote_in_flight_first(
    celery_setup: CeleryTestSetup, emulator: Emulator, live_house: Fleet
) -> None:
    live_house.dismiss(*GUARDS)  # of an earlier test, which may be faster than a chord on a slow machine
    emulator.obey({BULL: [{"latency_s": 3.0, "action": "BUY"}]})
    run = dispatch.convene(seeds.question(panel=[BULL, "trend"]), now=clock.now())
    await_only_bull(run, emulator)
    told_at = time.monotonic()
    live_house[VOTES].kill("SIGTERM")
    waits.not_after(told_at, EXIT_LIMIT_S, "ending")
    vote = run.votes.get(voter=BULL)
    assert (vote.state, vote.starts) == ("cast", 1)
    assert live_house[VOTES].exit_code == 0
    (closed,) = records.await_closed([run], within_s=25)
    assert closed.closed_by == "chord"


def test_a_message_that_is_delivered_six_times_is_paid_once(
    celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> None:
    emulator.obey({BULL: [{"latency_s": 0.5, "action": "BUY"}]})
    paid_before = emulator.paid
    run = dispatch.convene(seeds.question(panel=[BULL]), now=clock.now())
    for _ in range(5):
        app.send_task(dispatch.ASK, kwargs={"run_id": str(run.pk), "voter": BULL}, queue="votes")
    # A copy without the chord may be the one that asks; then a guard closes.
    (closed,) = records.await_closed([run], within_s=25)
    fleets.come_to_rest(guards[VOTES])
    assert emulator.paid - paid_before == 1
    assert closed.votes.get().starts == 1
