"""Limits: a refused request costs nothing, says when to come again, and holds up nobody else."""

import time

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from tests.processes import waits
from tests.thalas.api import callers
from thalas.api import limits, windows
from thalas.api.windows import LocalWindows, SteadyWindows
from thalas.services.keys import Limits

pytestmark = [pytest.mark.urls("tests.thalas.api.rooms")]
NOTES = "/api/v1/notes"


@pytest.mark.usefixtures("house")
def test_the_request_after_the_last_is_told_when_to_come_again() -> None:
    client = callers.client(callers.key(limits=Limits(per_second=100, per_minute=3, per_hour=100)).shown)
    began = time.monotonic()
    assert [client.get(NOTES).status_code for _ in range(3)] == [200] * 3
    refused = client.get(NOTES)
    assert refused.status_code == 429
    assert refused.json()["detail"].startswith("The limit of 3 requests per minute is reached")
    assert 60 - (time.monotonic() - began) <= int(refused["Retry-After"]) <= 60


@pytest.mark.usefixtures("house")
def test_after_retry_after_there_is_room_again() -> None:
    client = callers.client(callers.key(limits=Limits(per_second=2, per_minute=9, per_hour=9)).shown)
    began = time.monotonic()
    answers = [client.get(NOTES) for _ in range(3)]
    waits.not_after(began, 1.0, "knocking three times")  # else there was room again
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    time.sleep(int(answers[-1]["Retry-After"]))
    assert client.get(NOTES).status_code == 200


@pytest.mark.usefixtures("house")
def test_each_key_has_its_own_limits() -> None:
    tight = callers.client(callers.key(limits=Limits(per_second=1, per_minute=1, per_hour=1)).shown)
    other = callers.client(callers.key().shown)
    assert [tight.get(NOTES).status_code, tight.get(NOTES).status_code] == [200, 429]
    assert other.get(NOTES).status_code == 200


@pytest.mark.usefixtures("house")
def test_a_key_without_the_scope_uses_up_its_limits_too() -> None:
    made = callers.key("audit:read", limits=Limits(per_second=2, per_minute=2, per_hour=2))
    client = callers.client(made.shown)
    assert [client.get(NOTES).status_code for _ in range(3)] == [403, 403, 429]


@pytest.mark.usefixtures("house")
def test_whoever_has_no_good_key_is_slowed_down_by_address_whatever_the_headers_say() -> None:
    answers = [
        callers.client(
            f"tk{number:012x}.guess", **{"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": "for=a"}
        ).get(NOTES)
        for number in range(61)
    ]
    # Ten a second and sixty a minute: faster than ten a second meets the one limit, and slower the other.
    refused = [answer for answer in answers if answer.status_code == 429]
    assert answers[0].status_code == 401
    assert refused
    assert int(refused[-1]["Retry-After"]) >= 1
    elsewhere = callers.client("tk0.guess").get(NOTES, REMOTE_ADDR="198.51.100.7")
    assert elsewhere.status_code == 401


@pytest.mark.usefixtures("house")
def test_a_good_key_is_not_held_up_by_strangers_at_the_same_address() -> None:
    assert 429 in {callers.client().get(NOTES).status_code for _ in range(61)}
    assert callers.client(callers.key().shown).get(NOTES).status_code == 200


@pytest.mark.usefixtures("house")
def test_without_redis_nothing_hangs_and_the_same_numbers_hold() -> None:
    client = callers.client(callers.key(limits=Limits(per_second=5, per_minute=5, per_hour=5)).shown)
    client.get(NOTES)
    began = time.perf_counter()
    codes = [client.get(NOTES).status_code for _ in range(6)]
    waits.no_longer(time.perf_counter() - began, 1.0, "six requests without Redis")
    assert codes == [200] * 4 + [429] * 2


def test_a_redis_that_nobody_answers_at_costs_one_request_a_fraction_of_a_second() -> None:
    # 192.0.2.0/24 is for documents: nothing answers there, and where it cannot be routed it fails at once.
    steady = SteadyWindows("redis://192.0.2.1:6379/0")
    began = time.perf_counter()
    assert steady.enter("a", ((1, 60),)) is None
    waits.no_longer(time.perf_counter() - began, 0.4, "finding out that nobody answers")
    began = time.perf_counter()
    assert steady.enter("a", ((1, 60),)) is not None
    waits.no_longer(time.perf_counter() - began, 0.05, "entering once that is known")


@given(
    st.lists(st.floats(0, 3), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 9)), min_size=1, max_size=3),
)
def test_local_windows_admit_what_a_count_of_each_window_admits(
    pauses: list[float], wanted: list[tuple[int, int]]
) -> None:
    clock = Clock()
    subject = LocalWindows(clock)
    admitted: list[float] = []
    for pause in pauses:
        clock.at += pause
        waits = [_wait(admitted, clock.at, limit, length) for limit, length in wanted]
        verdict = subject.enter("a", tuple(wanted))
        assert (0.0 if verdict is None else verdict.wait_s) == pytest.approx(max(waits))
        if verdict is None:
            admitted.append(clock.at)


class Clock:
    """A clock that stands until it is put on."""

    at = 0.0

    def __call__(self) -> float:
        return self.at


def _wait(admitted: list[float], now: float, limit: int, length: int) -> float:
    """Count by brute force: the wait until fewer than *limit* of *admitted* lie in the window."""
    inside = sorted(moment for moment in admitted if moment > now - length)
    return 0.0 if len(inside) < limit else inside[-limit] + length - now


def test_local_windows_keep_no_more_names_than_they_may() -> None:
    subject = LocalWindows()
    for number in range(windows.MAX_NAMES + 50):
        subject.enter(str(number), ((5, 60),))
    assert len(subject) == windows.MAX_NAMES


@override_settings(BROKER_URL="redis+socket:///nowhere/broker.sock?virtual_host=3")
def test_the_brokers_address_is_understood_as_celery_writes_it() -> None:
    assert limits.windows().enter("a", ((1, 60),)) is None
