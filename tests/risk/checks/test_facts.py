"""Each check of the facts: within, on the boundary, one step over, missing, NaN, nonsense."""

import math

import pytest

from tests.risk.cases import INF, NAN, finding


@pytest.mark.parametrize(
    ("case", "is_killed", "outcome", "value"),
    [
        ("off", False, "passed", "off"),
        ("on", True, "failed", "on"),
        ("missing counts as on", None, "failed", "unreadable"),
        ("NaN counts as on", NAN, "failed", "unreadable"),
        ("a zero is no readable switch", 0, "failed", "unreadable"),
        ("a word is no readable switch", "off", "failed", "unreadable"),
    ],
)
def test_the_kill_switch_passes_only_when_it_reads_off(
    case: str, is_killed: object, outcome: str, value: str
) -> None:
    found = finding("kill_switch", is_killed=is_killed)
    assert (found.outcome, found.value, found.limit) == (outcome, value, "off"), case


@pytest.mark.parametrize("action", ["BUY", "SELL", "HOLD", "NO_DECISION"])
def test_the_four_actions_are_known(action: str) -> None:
    found = finding("action", action=action)
    assert (found.outcome, found.value) == ("passed", action)


@pytest.mark.parametrize("action", ["buy", "", "ADJUST_POSITION", None, NAN, 1, ("BUY",)])
def test_any_other_action_is_refused(action: object) -> None:
    assert finding("action", action=action).outcome == "not_computable"


def test_a_long_unknown_action_is_kept_short() -> None:
    assert finding("action", action="x" * 10_000).value == repr("x" * 40)


def test_data_without_faults_passes() -> None:
    found = finding("data_quality", faults=())
    assert (found.outcome, found.value, found.limit) == ("passed", "no faults", "no faults")


def test_one_fault_fails_and_two_are_both_named() -> None:
    assert finding("data_quality", faults=("two candles are missing",)).value == "two candles are missing"
    both = finding("data_quality", faults=("a gap", "zero volume"))
    assert (both.outcome, both.value) == ("failed", "a gap; zero volume")
    assert both.message == "The data may have no faults and has 2: a gap; zero volume."
    assert finding("data_quality", faults=()).message == "The data may have no faults and has none."


def test_faults_are_kept_as_one_sentence_without_characters_that_a_database_refuses() -> None:
    found = finding("data_quality", faults=("a\x00gap\ud800.",))
    assert (found.value, found.message) == ("a?gap?", "The data may have no faults and has 1: a?gap?.")


@pytest.mark.parametrize("faults", [None, NAN, "", ["a gap"], (None,), ("a gap", 1)])
def test_faults_that_cannot_be_read_refuse(faults: object) -> None:
    assert finding("data_quality", faults=faults).outcome == "not_computable"


@pytest.mark.parametrize(
    ("case", "age", "outcome"),
    [
        ("half a candle ago", 0.5, "passed"),
        ("just now", 0.0, "passed"),
        ("exactly at the limit", 2.0, "passed"),
        ("one step over", math.nextafter(2.0, 3.0), "failed"),
        ("stale", 48.0, "failed"),
        ("one step into the future", math.nextafter(0.0, -1.0), "failed"),
        ("missing", None, "not_computable"),
        ("NaN", NAN, "not_computable"),
        ("infinitely old", INF, "not_computable"),
        ("a bool", True, "not_computable"),
        ("a number as text", "0.5", "not_computable"),
        ("too large for a float", 10**400, "not_computable"),
    ],
)
def test_data_may_be_two_candles_old(case: str, age: object, outcome: str) -> None:
    assert finding("data_age", age_candles=age, max_age_candles=2.0).outcome == outcome, case


@pytest.mark.parametrize("oldest", [None, NAN, INF, -1.0, "2"])
def test_a_limit_on_age_that_makes_no_sense_refuses(oldest: object) -> None:
    assert finding("data_age", max_age_candles=oldest).outcome == "not_computable"


def test_data_of_this_moment_passes_a_limit_of_nothing() -> None:
    assert finding("data_age", age_candles=0.0, max_age_candles=0.0).outcome == "passed"


@pytest.mark.parametrize(
    ("case", "cast", "needed", "panel", "outcome"),
    [
        ("more than needed", 3, 2, 4, "passed"),
        ("exactly the quorum", 2, 2, 4, "passed"),
        ("one vote short", 1, 2, 4, "failed"),
        ("nobody voted", 0, 2, 4, "failed"),
        ("everybody voted", 4, 4, 4, "passed"),
        ("one voter alone", 1, 1, 1, "passed"),
        ("a quorum the panel cannot reach", 4, 5, 4, "failed"),
        ("votes missing", None, 2, 4, "not_computable"),
        ("votes NaN", NAN, 2, 4, "not_computable"),
        ("votes negative", -1, 2, 4, "not_computable"),
        ("votes as a float", 3.0, 2, 4, "not_computable"),
        ("votes as a bool", True, 1, 4, "not_computable"),
        ("quorum missing", 3, None, 4, "not_computable"),
        ("a quorum of nobody", 3, 0, 4, "not_computable"),
        ("quorum NaN", 3, NAN, 4, "not_computable"),
        ("panel missing", 3, 2, None, "not_computable"),
        ("more votes than voters", 5, 2, 4, "not_computable"),
        ("votes beyond any float", 10**400, 2, 10**400, "not_computable"),
    ],
)
def test_the_quorum_is_reached_at_exactly_its_number(
    case: str, cast: object, needed: object, panel: object, outcome: str
) -> None:
    assert finding("quorum", votes_cast=cast, quorum=needed, panel=panel).outcome == outcome, case


def test_the_quorum_states_its_facts() -> None:
    found = finding("quorum", votes_cast=1, quorum=2, panel=4)
    assert (found.value, found.limit) == (1.0, 2.0)
    assert found.message == "1 of 4 votes were cast and the quorum is 2."
