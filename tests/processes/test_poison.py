"""A vote that kills every worker that asks for it: three starts, then it is given up; others go on."""

import time
from collections.abc import Callable

import pytest

from tests import seeds
from tests.processes import loads, records, waits
from tests.processes.fleets import VOTES, Fleet
from tests.processes.loads import Load
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch, models
from thalas.selectors import clock

pytestmark = pytest.mark.processes

POISON = "trend"
OTHERS = ("breakout", "momentum", "volatility")
POISONED = ("poisoned-1", "poisoned-2")
DEADLINE_S = 60.0


def poison(fleet: Fleet) -> None:
    """Put workers in place that all die when they ask the poisonous voter; two, as in production."""
    fleet.dismiss(VOTES)
    for name in POISONED:
        argv = tuple(
            {"celery": "tests.processes.poisoned"}.get(word, word.replace("votes@", f"{name}@"))
            for word in fleet.argv(VOTES)
        )
        fleet.add(name, like=VOTES, argv=argv)
    fleet.muster(*POISONED)
    # A time-out of 0.1 s makes a lease of 2.1 s.
    models.Voter.objects.filter(pk=POISON).update(timeout_s=0.1)
    models.Voter.objects.filter(pk__in=OTHERS).update(timeout_s=1.0)


def under_load(fleet: Fleet, *, per_s: float, until: Callable[[float], bool]) -> Load:
    """Open runs of the others until *until* says so of the seconds passed; revive workers that died."""
    started = time.monotonic()
    question = seeds.question(panel=OTHERS, deadline_s=DEADLINE_S)
    with loads.steady(question, per_s=per_s) as load:
        while not until(time.monotonic() - started):
            fleet.revive(*POISONED)
            time.sleep(0.1)
    return load


def suffer(fleet: Fleet, *, per_s: float, for_s: float) -> tuple[list[float], list[float]]:
    """Ask a poisonous voter under load and check what becomes of it.

    Returns the seconds that the others' runs took before it and beside it.
    """
    poison(fleet)
    before = under_load(fleet, per_s=per_s, until=lambda passed_s: passed_s >= for_s / 2)
    calm = records.await_closed(before.opened, within_s=DEADLINE_S)
    ill = dispatch.convene(seeds.question(deadline_s=DEADLINE_S), now=clock.now())
    beside = under_load(
        fleet, per_s=per_s, until=lambda passed_s: passed_s >= for_s and records.are_closed([ill.pk])
    )
    (closed,) = records.await_closed([ill], within_s=0)
    assert_contained(fleet, closed)
    disturbed = records.await_closed(beside.opened, within_s=DEADLINE_S)
    records.assert_heard([*calm, *disturbed])
    return loads.latencies_s(calm), loads.latencies_s(disturbed)


def assert_contained(fleet: Fleet, ill: models.Run) -> None:
    """Check that the poison was tried three times and given up, and that the others decided its run."""
    vote = ill.votes.get(voter=POISON)
    assert vote.starts <= 3
    assert ill.closed_at is not None
    waits.in_time(ill.closed_at < ill.deadline_at, "to be given up before the deadline, after the last lease")
    assert (vote.state, vote.error_kind, vote.starts) == ("failed", "worker_lost", 3)
    others = ill.votes.exclude(voter=POISON)
    assert set(others.values_list("state", flat=True)) <= {"cast", "abstained"}
    assert ill.decision.heard == others.count()
    assert sum(fleet[name].lives - 1 for name in POISONED) == 3, "three workers died, and no more"


def test_a_poisonous_vote_kills_three_workers_and_no_run_beside_it(
    celery_setup: CeleryTestSetup, guards: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    calm_s, disturbed_s = suffer(guards, per_s=4.0, for_s=8.0)
    tell(capsys, calm_s, disturbed_s)


@pytest.mark.acceptance
@pytest.mark.timeout(300)
def test_beside_a_poisonous_vote_others_take_at_most_twice_as_long(
    celery_setup: CeleryTestSetup, guards: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    calm_s, disturbed_s = suffer(guards, per_s=8.0, for_s=60.0)
    tell(capsys, calm_s, disturbed_s)
    waits.no_longer(loads.p95(disturbed_s), 2 * loads.p95(calm_s), "p95 of the others")


def tell(capsys: pytest.CaptureFixture[str], calm_s: list[float], disturbed_s: list[float]) -> None:
    """Print what was measured."""
    with capsys.disabled():
        print(
            f"\np95 of {len(calm_s)} runs before {loads.p95(calm_s):.2f} s, "
            f"of {len(disturbed_s)} beside poison {loads.p95(disturbed_s):.2f} s"
        )
