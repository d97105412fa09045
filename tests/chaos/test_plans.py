"""The storm is the same for the same seed, and strikes as often as the promise says."""

import pytest

from tests.chaos import plans
from tests.chaos.plans import Target


def of(target: Target, *, seconds: float, seed: int) -> list[plans.Blow]:
    """Return the blows meant for *target*."""
    return [blow for blow in plans.plan(seconds, seed=seed) if blow.target == target]


def test_the_same_seed_gives_the_same_storm_and_another_seed_another() -> None:
    assert plans.plan(60, seed=1) == plans.plan(60, seed=1)
    assert plans.plan(60, seed=1) != plans.plan(60, seed=2)


@pytest.mark.parametrize("seed", range(20))
def test_a_process_falls_every_two_seconds_the_broker_thrice_the_database_once(seed: int) -> None:
    processes = of(Target.PROCESS, seconds=60, seed=seed)
    assert [blow.at_s for blow in processes] == [2.0 * n for n in range(1, 30)]
    assert len(of(Target.BROKER, seconds=60, seed=seed)) == 3
    assert len(of(Target.DATABASE, seconds=60, seed=seed)) == 1


@pytest.mark.parametrize("seed", range(20))
def test_broker_and_database_are_down_as_long_as_said_and_back_before_the_load_ends(seed: int) -> None:
    brokers, (database,) = (
        of(Target.BROKER, seconds=60, seed=seed),
        of(Target.DATABASE, seconds=60, seed=seed),
    )
    assert all(0 <= blow.down_s <= 2 for blow in brokers)
    assert 3 <= database.down_s <= 5
    assert all(6 <= blow.at_s <= 54 for blow in (*brokers, database)), "from a tenth to nine tenths of 60 s"


def test_blows_come_in_order() -> None:
    moments = [blow.at_s for blow in plans.plan(120, seed=3)]
    assert moments == sorted(moments)
