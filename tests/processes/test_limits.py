"""Limits with a real Redis: exact over many processes, and without it nothing hangs."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.conf import settings

from tests.processes import fleets, waits
from tests.processes.fleets import Fleet
from tests.processes.knockers import WINDOWS
from thalas.api.windows import PREFIX, SharedWindows, SteadyWindows

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("celery_broker_cluster")]
PROCESSES = 4
# What is counted here is not how soon Redis answers; on a machine that is busy it may take its time.
PATIENT_S = 5.0
# Both time-outs together, and some time for the machine.
FOUND_OUT_S = 0.4
KNOWN_S = 0.05


def moments(name: str) -> list[int]:
    """Return when requests of *name* were admitted, by Redis's clock in microseconds, the oldest first."""
    with fleets.valkey() as client:
        return [int(moment) for moment in reversed(client.lrange(PREFIX + name, 0, -1))]


def counted(steady: SteadyWindows, name: str) -> bool:
    """Knock once; say whether Redis has counted it."""
    steady.enter(name, ((1000, 3600),))
    return bool(moments(name))


def test_four_processes_of_fifty_threads_never_get_one_request_too_many() -> None:
    argv = [sys.executable, "-m", "tests.processes.knockers", settings.BROKER_URL, "many", "7"]
    knockers = [subprocess.Popen(argv, stdout=subprocess.PIPE) for _ in range(PROCESSES)]
    told = [knocker.communicate(timeout=60)[0] for knocker in knockers]
    # One who was not answered for PATIENT_S gives up.
    waits.in_time(all(knocker.returncode == 0 for knocker in knockers), "Redis to answer everybody")
    sums = [json.loads(sum_) for sum_ in told]
    admitted = moments("many")
    assert sum(count for count, _ in sums) == len(admitted)
    waits.in_time(sum(count for _, count in sums) > 1000, "a crowd to knock")
    for limit, length_s in WINDOWS:
        gaps = [later - earlier for earlier, later in zip(admitted, admitted[limit:], strict=False)]
        assert all(gap >= length_s * 1_000_000 for gap in gaps), f"{limit} in {length_s} s"
    # A window that is free is used: 30 in the first 4 s, and more as these leave it.
    waits.in_time(len(admitted) > 30, f"to let more in than {len(admitted)}")


def test_a_refusal_is_counted_in_no_window_and_says_how_long() -> None:
    shared = SharedWindows(settings.BROKER_URL, timeout_s=PATIENT_S)
    tight = ((2, 3), (3, 60), (100, 3600))
    began = time.monotonic()
    assert [shared.enter("a", tight) for _ in range(2)] == [None, None]
    refusals = [shared.enter("a", tight) for _ in range(50)]
    waits.not_after(began, tight[0][1], "being refused fifty times")  # else there was room again
    assert all(refusal is not None and refusal.limit == 2 for refusal in refusals)
    time.sleep(refusals[-1].wait_s if refusals[-1] else 0)
    assert shared.enter("a", tight) is None  # the minute still had room for one
    last = shared.enter("a", tight)
    assert last is not None
    assert (last.limit, last.length_s) == (3, 60)
    assert 60 - (time.monotonic() - began) <= last.wait_s < 60
    with fleets.valkey() as client:
        assert 3_590_000 < client.pttl(f"{PREFIX}a") <= 3_600_000


def test_windows_shrink_and_grow_with_the_key() -> None:
    shared = SharedWindows(settings.BROKER_URL, timeout_s=PATIENT_S)
    assert [shared.enter("a", ((5, 60),)) for _ in range(5)] == [None] * 5
    assert shared.enter("a", ((3, 60),)) is not None
    assert shared.enter("a", ((6, 60),)) is None


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    shared = SharedWindows(settings.BROKER_URL, timeout_s=PATIENT_S)
    with fleets.valkey() as client:
        client.lpush(f"{PREFIX}a", str(int((time.time() + 3600) * 1_000_000)))
    assert shared.enter("a", ((1, 60),)) is None
    assert shared.enter("a", ((1, 60),)) is not None


def test_a_redis_that_hangs_or_dies_holds_nobody_up_and_counts_again_when_it_is_back(
    celery_broker_cluster: object, fleet: Fleet
) -> None:
    steady = SteadyWindows(settings.BROKER_URL)
    few = ((3, 3600),)
    assert steady.enter("a", few) is None
    assert len(moments("a")) == 1
    broker = fleet["broker"]
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        took, is_let_in = [], []
        for _ in range(4):
            began = time.perf_counter()
            is_let_in.append(steady.enter("a", few) is None)
            took.append(time.perf_counter() - began)
        waits.no_longer(took[0], FOUND_OUT_S, "finding out that Redis hangs")
        # Whoever waited for it again would do so each time; a machine may stop for a moment between any two.
        waits.no_longer(min(took[1:]), KNOWN_S, "entering once that is known")
        # This process knows of the one that Redis has counted for it.
        assert is_let_in == [True, True, False, False]
    finally:
        os.kill(broker.pid, signal.SIGCONT)
    waits.until(lambda: counted(steady, "b"), within_s=10, what="Redis counts again")
    broker.kill()
    began = time.monotonic()
    steady.enter("c", few)
    waits.not_after(began, FOUND_OUT_S, "entering without a broker")
    fleet.muster("broker")
    waits.until(lambda: counted(steady, "d"), within_s=10, what="Redis counts again")
