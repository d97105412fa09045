"""Each check of an order's parts: within, on the boundary, one step over, missing, NaN, nonsense."""

import math

import pytest

from tests.risk.cases import INF, NAN, SELL, finding

UP, DOWN = math.nextafter(100.0, 200.0), math.nextafter(100.0, 0.0)


@pytest.mark.parametrize(
    ("code", "field"), [("min_confidence", "confidence"), ("min_agreement", "agreement")]
)
@pytest.mark.parametrize(
    ("case", "value", "least", "outcome"),
    [
        ("above the limit", 0.7, 0.6, "passed"),
        ("exactly at the limit", 0.6, 0.6, "passed"),
        ("one step under", math.nextafter(0.6, 0.0), 0.6, "failed"),
        ("no limit", 0.0, 0.0, "passed"),
        ("certain", 1.0, 1.0, "passed"),
        ("one step over certain", math.nextafter(1.0, 2.0), 0.6, "not_computable"),
        ("below zero", -0.1, 0.0, "not_computable"),
        ("missing", None, 0.0, "not_computable"),
        ("NaN", NAN, 0.0, "not_computable"),
        ("a bool", True, 0.0, "not_computable"),
        ("limit missing", 0.7, None, "not_computable"),
        ("limit NaN", 0.7, NAN, "not_computable"),
        ("limit meant as a percentage", 0.7, 60.0, "not_computable"),
    ],
)
def test_a_minimum_is_reached_at_exactly_its_number(
    code: str, field: str, case: str, value: object, least: object, outcome: str
) -> None:
    assert finding(code, **{field: value, code: least}).outcome == outcome, case


def test_a_minimum_states_its_value_and_limit() -> None:
    found = finding("min_agreement", agreement=0.5, min_agreement=0.6)
    assert (found.value, found.limit) == (0.5, 0.6)
    assert found.message == "The agreement is 0.5 and must be at least 0.6."
    assert finding("min_confidence", confidence=NAN).message.startswith("The confidence is nan, but must be")


@pytest.mark.parametrize(
    ("case", "price", "outcome"),
    [
        ("a price", 100.0, "passed"),
        ("the smallest price there is", 5e-324, "passed"),
        ("exactly zero", 0.0, "failed"),
        ("negative", -37.63, "failed"),  # oil, 20 April 2020: real, and nothing here can size it
        ("missing", None, "not_computable"),
        ("NaN", NAN, "not_computable"),
        ("infinite", INF, "not_computable"),
        ("text", "100", "not_computable"),
    ],
)
def test_a_price_is_finite_and_above_zero(case: str, price: object, outcome: str) -> None:
    assert finding("price", price=price).outcome == outcome, case


@pytest.mark.parametrize("price", [-1.0, 100.0, NAN])
def test_the_limit_of_a_price_is_kept(price: float) -> None:
    assert finding("price", price=price).limit == 0.0


@pytest.mark.parametrize(
    ("case", "stop", "outcome"),
    [
        ("there", 95.0, "passed"),
        ("missing", None, "failed"),
        ("NaN", NAN, "not_computable"),
        ("infinite", INF, "not_computable"),
        ("a bool", True, "not_computable"),
        ("text", "95", "not_computable"),
    ],
)
def test_an_order_has_a_stop(case: str, stop: object, outcome: str) -> None:
    assert finding("stop_present", stop=stop).outcome == outcome, case


@pytest.mark.parametrize(
    ("case", "side", "stop", "outcome"),
    [
        ("below a buy", "BUY", 95.0, "passed"),
        ("one step below a buy", "BUY", DOWN, "passed"),
        ("exactly at a buy's price", "BUY", 100.0, "failed"),
        ("one step above a buy", "BUY", UP, "failed"),
        ("just above zero", "BUY", 5e-324, "passed"),
        ("exactly zero", "BUY", 0.0, "failed"),
        ("negative", "BUY", -5.0, "failed"),
        ("above a sell", "SELL", 105.0, "passed"),
        ("one step above a sell", "SELL", UP, "passed"),
        ("exactly at a sell's price", "SELL", 100.0, "failed"),
        ("one step below a sell", "SELL", DOWN, "failed"),
        ("missing is the business of stop_present", "BUY", None, "not_applicable"),
        ("NaN", "BUY", NAN, "not_computable"),
        ("infinite", "SELL", INF, "not_computable"),
    ],
)
def test_a_stop_is_strictly_on_the_losing_side(case: str, side: str, stop: object, outcome: str) -> None:
    assert finding("stop_side", action=side, stop=stop).outcome == outcome, case


@pytest.mark.parametrize(
    ("case", "side", "target", "outcome"),
    [
        ("above a buy", "BUY", 110.0, "passed"),
        ("one step above a buy", "BUY", UP, "passed"),
        ("exactly at a buy's price", "BUY", 100.0, "failed"),
        ("one step below a buy", "BUY", DOWN, "failed"),
        ("below a sell", "SELL", 90.0, "passed"),
        ("one step below a sell", "SELL", DOWN, "passed"),
        ("exactly at a sell's price", "SELL", 100.0, "failed"),
        ("one step above a sell", "SELL", UP, "failed"),
        ("zero for a sell", "SELL", 0.0, "failed"),
        ("none was named", "BUY", None, "not_applicable"),
        ("NaN", "BUY", NAN, "not_computable"),
        ("infinite", "BUY", INF, "not_computable"),
    ],
)
def test_a_target_is_strictly_on_the_winning_side(case: str, side: str, target: object, outcome: str) -> None:
    assert finding("target_side", action=side, target=target).outcome == outcome, case


@pytest.mark.parametrize("code", ["stop_side", "target_side"])
@pytest.mark.parametrize("price", [None, NAN, INF, "100"])
def test_no_side_can_be_told_without_a_price(code: str, price: object) -> None:
    assert finding(code, price=price).outcome == "not_computable"


def test_a_level_above_a_negative_price_must_still_be_above_zero() -> None:
    assert finding("stop_side", **{**SELL, "price": -10.0, "stop": -5.0}).outcome == "failed"


def test_a_side_states_the_level_and_the_price() -> None:
    found = finding("stop_side", stop=101.0)
    assert (found.value, found.limit) == (101.0, 100.0)
    assert found.message == "The stop is 101 and must be above 0 and below the price of 100."
    assert finding("stop_side", **SELL).message == (
        "The stop is 105 and must be above 0 and above the price of 100."
    )
    assert finding("target_side", **SELL).message == (
        "The target is 90 and must be above 0 and below the price of 100."
    )
