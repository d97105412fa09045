"""How long to wait before a process that died is started again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalas.supervision.backoffs import Backoff

LIVES_S = st.lists(st.floats(min_value=0, max_value=100), max_size=2000)


def test_delays_double_from_a_fifth_of_a_second_up_to_ten_seconds() -> None:
    backoff = Backoff()
    delays_s = [backoff.died(alive_s=0.1) for _ in range(8)]
    # 0.2 * 2**5 = 6.4; 0.2 * 2**6 = 12.8, more than 10
    assert delays_s == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]


def test_five_seconds_of_life_start_the_delays_anew() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.died(alive_s=1.0)
    assert backoff.died(alive_s=4.9) == 3.2
    assert backoff.died(alive_s=5.0) == 0.2
    assert backoff.died(alive_s=1.0) == 0.2


def test_a_process_that_is_killed_every_sixteen_seconds_is_started_again_at_once_each_time() -> None:
    backoff = Backoff()
    assert {backoff.died(alive_s=16.0) for _ in range(100)} == {0.2}
    assert not backoff.is_failing


@pytest.mark.parametrize(("last_life_s", "is_failing"), [(9.9, True), (10.0, False)])
def test_the_fifth_death_within_ten_seconds_in_a_row_is_failing(last_life_s: float, is_failing: bool) -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.died(alive_s=0.5)
    assert not backoff.is_failing
    backoff.died(alive_s=last_life_s)
    assert backoff.is_failing is is_failing


def test_living_ten_seconds_ends_the_failing() -> None:
    backoff = Backoff(quick_deaths=5)
    backoff.lived(alive_s=10.0)
    assert not backoff.is_failing


@given(LIVES_S)
def test_every_delay_is_between_the_first_and_the_longest(lives_s: list[float]) -> None:
    backoff = Backoff()
    assert all(0.2 <= backoff.died(alive_s=alive_s) <= 10.0 for alive_s in lives_s)
