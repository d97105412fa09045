"""Asking again: when, how often, how long apart, and never past the time allowed."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError, VoterError
from providers.retries import FIRST_WAIT_S, LONGEST_WAIT_S, Failure, Patience, retry_after_s

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
BUSY = TransientVoterError(ErrorKind.OVERLOADED, "busy")
NEVER = PermanentVoterError(ErrorKind.AUTHENTICATION, "no")


class Time:
    """A clock that sleeping and asking move."""

    def __init__(self) -> None:
        self.now_s = 1_000.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now_s += seconds


def persist(
    time: Time,
    outcomes: list[str | Failure],
    *,
    max_retries: int,
    timeout_s: float = 60.0,
    takes_s: float = 0.0,
) -> tuple[str, int]:
    asked = iter(outcomes)

    def attempt(left_s: float) -> str | Failure:
        time.now_s += min(takes_s, left_s)
        return next(asked)

    patience = Patience(max_retries, sleep=time.sleep, clock=time.clock, chance=random.Random(7))
    return patience.persist(attempt, timeout_s=timeout_s)


def test_a_first_answer_is_returned_at_once() -> None:
    time = Time()
    assert persist(time, ["yes"], max_retries=3) == ("yes", 0)
    assert time.waits == []


def test_transient_failures_are_asked_again_after_growing_waits() -> None:
    time = Time()
    assert persist(time, [Failure(BUSY)] * 3 + ["yes"], max_retries=3) == ("yes", 0)
    # 0.5 s, 1 s and 2 s, each at least by half.
    for wait_s, longest_s in zip(time.waits, (0.5, 1.0, 2.0), strict=True):
        assert longest_s / 2 <= wait_s <= longest_s


def test_a_permanent_failure_is_not_asked_again() -> None:
    time = Time()
    with pytest.raises(PermanentVoterError):
        persist(time, [Failure(NEVER)], max_retries=3)
    assert time.waits == []


def test_after_the_last_retry_the_last_failure_is_raised() -> None:
    last = TransientVoterError(ErrorKind.RATE_LIMIT, "last")
    with pytest.raises(VoterError, match="last"):
        persist(Time(), [Failure(BUSY), Failure(BUSY), Failure(last)], max_retries=2)


def test_retry_after_is_waited_for() -> None:
    time = Time()
    persist(time, [Failure(BUSY, retry_after_s=7.0), "yes"], max_retries=1)
    assert time.waits == [7.0]


def test_a_retry_after_past_the_time_allowed_fails_at_once_instead_of_sleeping() -> None:
    time = Time()
    with pytest.raises(TransientVoterError):
        persist(time, [Failure(BUSY, retry_after_s=1e9)], max_retries=5, timeout_s=10.0)
    assert time.waits == []


def test_failures_that_may_be_billed_are_counted() -> None:
    lost = Failure(BUSY, may_be_billed=True)
    assert persist(Time(), [lost, Failure(BUSY), lost, "yes"], max_retries=3) == ("yes", 2)


@given(
    takes_s=st.floats(0.0, 20.0),
    timeout_s=st.floats(0.01, 60.0),
    asked_s=st.one_of(st.none(), st.floats(0.0, 100.0)),
    max_retries=st.integers(0, 5),
)
def test_no_attempt_starts_after_the_time_allowed(
    takes_s: float, timeout_s: float, asked_s: float | None, max_retries: int
) -> None:
    time = Time()
    failing: list[str | Failure] = [Failure(BUSY, retry_after_s=asked_s)] * (max_retries + 1)
    with pytest.raises(TransientVoterError):
        persist(time, failing, max_retries=max_retries, timeout_s=timeout_s, takes_s=takes_s)
    assert time.now_s - 1_000.0 <= timeout_s + 1e-6
    assert len(time.waits) <= max_retries
    assert all(wait_s >= min(FIRST_WAIT_S / 2, LONGEST_WAIT_S) for wait_s in time.waits)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e999"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 05 Jan 2026 12:00:09 GMT"}, 9.0),
        ({"retry-after": "Mon, 05 Jan 2026 11:59:00 GMT"}, 0.0),
        ({"retry-after": "Mon, 05 Jan 2026 12:00:09 -0000"}, 9.0),
        ({"retry-after": "Mon, 99 Jan 2026 12:00:09 GMT"}, None),
        # By the server's clock, an hour behind ours, it is 4 s.
        ({"retry-after": "Mon, 05 Jan 2026 11:00:09 GMT", "date": "Mon, 05 Jan 2026 11:00:05 GMT"}, 4.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers, now=NOW) == seconds


@given(st.text())
def test_any_retry_after_is_a_finite_number_or_nothing(text: str) -> None:
    asked_s = retry_after_s({"retry-after": text}, now=NOW)
    assert asked_s is None or 0 <= asked_s < float("inf")
