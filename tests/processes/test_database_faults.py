"""PostgreSQL drops its connections, crashes, or holds a lock too long: runs close all the same, and in time.

There is no test with a full disk: without rights over the machine none can be had that PostgreSQL
sees as one.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import psycopg
import pytest
from django.conf import settings

from tests import seeds
from tests.clusters import Cluster
from tests.processes import crashes, fleets, loads, records, waits, watches
from tests.processes.emulators import Emulator
from tests.processes.fleets import GUARDS, WORKERS, Fleet
from tests.processes.nodes import CeleryTestSetup
from tests.processes.watches import Watch
from thalas import dispatch, models
from thalas.roster import EMULATED
from thalas.selectors import clock
from thalas.services.councils import Question

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(
        settings.HOUSE.database_url is None, reason="needs PostgreSQL: set TEST_DATABASE=postgresql"
    ),
]

PANEL = tuple(f"emulated-{persona}" for persona in EMULATED)
SLOWEST = PANEL[0]
DEADLINE_S = 4.0
GRACE_S = 2.0
# Time enough for all who answer, once the database is back: this run's guard waits for the one who does not.
RESUMED_S = 30.0
# By so much longer may a run take whose own rows somebody holds.
HELD_S = 5.0
RUNS_PER_S = 4.0
CUTS = 16


@pytest.fixture
def under_watch(
    durable: None, celery_setup: CeleryTestSetup, guards: Fleet, emulator: Emulator
) -> Iterator[Watch]:
    """Everything at work, on voters of whom one never answers in time, so that guards close every run."""
    slow = {"latency_s": 30.0}
    emulator.obey({SLOWEST: [dict(slow)], "*": [{"latency_s": 0.2, "action": "BUY", "confidence": 0.8}]})
    with watches.over(fleets.database_url()) as watch:
        yield watch


@pytest.fixture
def cluster() -> Cluster:
    """The cluster that these tests run on and nobody else."""
    return crashes.cluster()


def question() -> Question:
    """Return a question that a guard closes at its deadline."""
    return seeds.question(panel=PANEL, deadline_s=DEADLINE_S)


def judged(watch: Watch, opened: Iterable[models.Run]) -> dict[str, float]:
    """Wait until all of *opened* are closed; return by how many seconds each was seen closed late, by id."""
    ids = {run.pk: run.deadline_at for run in opened}
    waits.until(lambda: ids.keys() <= watch.seen_at.keys(), within_s=40, what=f"{len(ids)} runs are closed")
    for run in records.runs(ids):
        assert run.decision.filed_at == run.closed_at
        assert not run.votes.filter(state__in=models.Vote.OPEN_STATES).exists()
        assert not run.votes.filter(state__in=("missing", "failed"), error_kind="").exists()
    return {str(run_id): watch.late_s(run_id, deadline_at) for run_id, deadline_at in ids.items()}


def logged(event: str, caplog: pytest.LogCaptureFixture) -> set[str]:
    """Return the runs that this process logged *event* about."""
    said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    return {str(line["run_id"]) for line in said if line.get("event") == event}


def revive(fleet: Fleet, *names: str, for_s: float) -> None:
    """Let time pass while a supervisor starts again what has ended of *names*."""
    give_up_at = time.monotonic() + for_s
    while time.monotonic() < give_up_at:
        fleet.revive(*names)
        time.sleep(0.1)


def test_connections_that_are_cut_again_and_again_make_no_run_late(
    under_watch: Watch, live_house: Fleet, caplog: pytest.LogCaptureFixture
) -> None:
    with loads.steady(question(), per_s=RUNS_PER_S) as load:
        for _ in range(CUTS):
            revive(live_house, *WORKERS, *GUARDS, for_s=0.4)
            with psycopg.connect(fleets.database_url(), autocommit=True) as line:
                line.execute(crashes.CUT)
        revive(live_house, *WORKERS, *GUARDS, for_s=1.0)
    crashes.hang_up()
    late_s = judged(under_watch, load.opened)
    waits.in_time(len(late_s) >= 10, f"to open ten runs, not {len(late_s)}")
    waits.no_longer(max(late_s.values()), GRACE_S, "closing the run that was latest")
    # One cut off between its commit and its messages is asked by a guard, later than these runs last.
    cut_off = logged("publish_failed", caplog)
    waits.in_time(len(cut_off) <= 2, f"to find the database again and publish: {len(cut_off)} were not")
    asked = [run.pk for run in load.opened if str(run.pk) not in cut_off]
    assert_the_others_were_heard(asked)


def assert_the_others_were_heard(run_ids: Sequence[UUID]) -> None:
    """Check that every claim and answer of the voters who do answer has outlasted its connection.

    Raises:  TooSlow if some were not heard before the deadline, which is short; else AssertionError.
    """
    others = models.Vote.objects.filter(run__in=run_ids).exclude(voter=SLOWEST)
    unheard = list(others.exclude(state="cast").values_list("voter_id", "state", "error_kind"))
    assert [vote for vote in unheard if not records.is_of_time(*vote[1:])] == []
    waits.in_time(not unheard, f"these votes to be heard: {unheard}")


def test_a_crash_of_the_database_delays_a_run_by_the_time_it_was_away_and_no_more(
    under_watch: Watch, live_house: Fleet, cluster: Cluster
) -> None:
    live_house.dismiss(*WORKERS)  # nobody answers and no chord closes: guards have to
    with loads.steady(question(), per_s=RUNS_PER_S) as load:
        revive(live_house, *GUARDS, for_s=3.0)
        cluster.crash()
        revive(live_house, *GUARDS, for_s=3.0)
        cluster.launch()
        revive(live_house, *GUARDS, for_s=4.0)
    crashes.hang_up()
    late_s = judged(under_watch, load.opened)
    waits.in_time(len(late_s) >= 15, f"to open 15 runs, not {len(late_s)}")
    waits.no_longer(max(late_s.values()), GRACE_S, "closing the run that was latest")
    assert under_watch.up_at is not None
    fleets.flush()  # whatever waits there is of runs that are closed
    live_house.muster(*WORKERS)
    again = seeds.question(panel=PANEL, deadline_s=RESUMED_S)
    (after,) = records.await_closed([dispatch.convene(again, now=clock.now())], within_s=RESUMED_S + 5)
    assert set(records.states(after)) == set(PANEL)
    assert_the_others_were_heard([after.pk])


@contextlib.contextmanager
def thief(sql: str, *keys: object) -> Iterator[None]:
    """Take what *sql* locks, in a session as Thalas makes them, and sit on it, idle, until it is cut off."""
    options = settings.DATABASES["default"]["OPTIONS"]["options"]
    line = psycopg.connect(fleets.database_url(), options=options)
    line.execute(sql, keys)
    try:
        yield
    finally:
        line.close()


def opened_together(fleet: Fleet, count: int) -> list[models.Run]:
    """Open runs whose deadlines lie so close that one sweep finds several, and that only guards close."""
    fleet.dismiss(*WORKERS)
    opened = [dispatch.convene(question(), now=clock.now()) for _ in range(count)]
    left_s = (opened[0].deadline_at - clock.now()).total_seconds()
    waits.in_time(left_s > 1.0, f"to open {count} runs before the first is due")
    time.sleep(left_s - 1.0)
    return opened


def assert_still_open(opened: Sequence[models.Run]) -> None:
    """Check that what is held now was taken before its run was due.

    Raises:  TooSlow.
    """
    waits.in_time(clock.now() < opened[0].deadline_at, "to take the row before its run is due")


def assert_only_the_robbed_wait(late_s: dict[str, float], robbed: Sequence[models.Run]) -> None:
    """Check that runs whose rows were held close soon after, and all others in time."""
    ids = {str(run.pk) for run in robbed}
    others = [late for run_id, late in late_s.items() if run_id not in ids]
    many = sum(late > GRACE_S for late in others)
    waits.no_longer(max(others), GRACE_S, f"closing the latest of {many} others that were late")
    waits.no_longer(max(late_s[run_id] for run_id in ids), GRACE_S + HELD_S, "closing those that were held")


def test_whoever_sits_on_a_runs_row_delays_that_run_only(under_watch: Watch, live_house: Fleet) -> None:
    opened = opened_together(live_house, 8)
    with thief("SELECT 1 FROM thalas_run WHERE id = %s FOR UPDATE", opened[0].pk):
        assert_still_open(opened)
        late_s = judged(under_watch, opened)
    assert late_s[str(opened[0].pk)] > 0.5, "the row was held past the deadline"
    assert_only_the_robbed_wait(late_s, opened[:1])


@pytest.mark.parametrize("robbed", [1, 3])
def test_whoever_sits_on_the_votes_of_some_runs_delays_those_only(
    under_watch: Watch, live_house: Fleet, robbed: int
) -> None:
    opened = opened_together(live_house, 8)
    with contextlib.ExitStack() as thieves:
        for run in opened[:robbed]:
            thieves.enter_context(
                thief(
                    "SELECT 1 FROM thalas_vote WHERE run_id = %s AND voter_id = %s FOR UPDATE",
                    run.pk,
                    SLOWEST,
                )
            )
        assert_still_open(opened)
        late_s = judged(under_watch, opened)
    assert late_s[str(opened[0].pk)] > 0.5, "the votes were held past the deadline"
    assert_only_the_robbed_wait(late_s, opened[:robbed])
