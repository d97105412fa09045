"""Breakers: exactly at a limit nothing trips, one step over it does, and what is not known halts."""

from dataclasses import replace
from math import nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.breakers import Breaker, BreakerRules, Reading, problems, reset, watch

RULES = BreakerRules(max_loss_pct=0.25, max_error_rate=0.5, min_calls=4, max_latency_s=2.0, cool_down_s=60.0)
GOOD = Reading(loss_pct=0.0, errors=0, calls=10, latency_s=0.5)
BAD = replace(GOOD, loss_pct=0.5)
NAN = float("nan")


@pytest.mark.parametrize(
    "changes",
    [{"loss_pct": 0.25}, {"errors": 5}, {"latency_s": 2.0}, {"errors": 3, "calls": 3, "latency_s": 9.0}],
)
def test_exactly_at_a_limit_nothing_trips(changes: dict[str, float]) -> None:
    assert problems(replace(GOOD, **changes), RULES) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"loss_pct": nextafter(0.25, 1.0)}, "The loss of 25.00% is beyond 25.00%."),
        ({"errors": 6}, "60% of the calls failed, beyond 50%."),
        ({"errors": 4, "calls": 4}, "100% of the calls failed, beyond 50%."),
        ({"latency_s": nextafter(2.0, 3.0)}, "The latency of 2 s is beyond 2 s."),
    ],
)
def test_one_step_over_it_trips(changes: dict[str, float], told: str) -> None:
    assert problems(replace(GOOD, **changes), RULES) == (told,)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["loss_pct", "errors", "calls", "latency_s"])
@pytest.mark.parametrize("rubbish", [None, NAN, -1, True, "2", float("inf")])
def test_what_is_not_known_trips(name: str, rubbish: object) -> None:
    assert len(problems(replace(GOOD, **{name: rubbish}), RULES)) == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["max_loss_pct", "max_error_rate", "min_calls", "max_latency_s"])
@pytest.mark.parametrize("rubbish", [None, NAN, -1, True])
def test_a_rule_that_makes_no_sense_trips(name: str, rubbish: object) -> None:
    assert len(problems(GOOD, replace(RULES, **{name: rubbish}))) == 1  # type: ignore[arg-type]


def test_more_errors_than_calls_and_a_reading_that_is_none_trip() -> None:
    assert len(problems(replace(GOOD, errors=11), RULES)) == 1
    assert problems(None, RULES) == ("The reading cannot be judged: AttributeError.",)  # type: ignore[arg-type]


def test_it_trips_stays_tripped_and_resets_itself_after_its_cool_down() -> None:
    tripped = watch(Breaker(), BAD, RULES, now_s=100.0)
    assert tripped == Breaker(True, 100.0, ("The loss of 50.00% is beyond 25.00%.",))
    assert watch(tripped, GOOD, RULES, now_s=nextafter(160.0, 0.0)) is tripped
    assert watch(tripped, GOOD, RULES, now_s=160.0) == Breaker()
    again = watch(tripped, BAD, RULES, now_s=160.0)
    assert (again.is_tripped, again.tripped_s) == (True, 160.0)


def test_without_a_cool_down_only_a_person_resets_it() -> None:
    rules = replace(RULES, cool_down_s=None)
    tripped = watch(Breaker(), BAD, rules, now_s=0.0)
    assert watch(tripped, GOOD, rules, now_s=1e9) is tripped
    assert reset(tripped, GOOD, rules) == Breaker()
    assert reset(tripped, BAD, rules) == tripped
    assert reset(Breaker(), BAD, rules) == Breaker()


@given(st.lists(st.tuples(st.booleans(), st.floats(0.0, 100.0)), max_size=20))
def test_trading_is_never_on_right_after_a_reading_that_trips(readings: list[tuple[bool, float]]) -> None:
    breaker, now_s = Breaker(), 0.0
    for is_bad, later_s in readings:
        now_s += later_s
        breaker = watch(breaker, BAD if is_bad else GOOD, RULES, now_s=now_s)
        assert breaker.is_tripped or not is_bad
