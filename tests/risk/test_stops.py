"""Brackets from the average true range: worked sums, sides, and levels that cannot be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import Bracket, NotFinite, OutOfRange, atr_bracket
from tests.risk.cases import INF, NAN


@pytest.mark.parametrize(
    ("side", "bracket"),
    [
        ("BUY", Bracket(stop=95.0, target=107.5)),  # 100 - 2 x 2.5; 100 + 3 x 2.5
        ("SELL", Bracket(stop=105.0, target=92.5)),
    ],
)
def test_a_bracket_lies_two_ranges_against_and_three_with_the_trade(side: str, bracket: Bracket) -> None:
    assert atr_bracket(100.0, 2.5, side=side) == bracket


def test_the_multiples_can_be_chosen() -> None:
    assert atr_bracket(100.0, 2.0, side="BUY", stop_atr=1.0, target_atr=2.0) == Bracket(98.0, 104.0)
    assert atr_bracket(100.0, 2.0, side="SELL", stop_atr=1.0, target_atr=2.0) == Bracket(102.0, 96.0)


@given(
    price=st.floats(0.01, 1e6),
    share=st.floats(1e-6, 0.3),
    side=st.sampled_from(["BUY", "SELL"]),
)
def test_levels_are_strictly_on_their_sides_and_three_to_two_apart(
    price: float, share: float, side: str
) -> None:
    bracket = atr_bracket(price, price * share, side=side)
    losing, winning = abs(price - bracket.stop), abs(bracket.target - price)
    assert winning / losing == pytest.approx(1.5, rel=1e-6)
    assert (0 < bracket.stop < price < bracket.target) == (side == "BUY")
    assert (0 < bracket.target < price < bracket.stop) == (side == "SELL")


@pytest.mark.parametrize("value", [NAN, INF, True])
@pytest.mark.parametrize("name", ["price", "atr", "stop_atr", "target_atr"])
def test_a_number_that_is_not_finite_is_an_error_that_names_it(name: str, value: float) -> None:
    numbers = {"price": 100.0, "atr": 2.5, "stop_atr": 2.0, "target_atr": 3.0} | {name: value}
    price, atr = numbers.pop("price"), numbers.pop("atr")
    with pytest.raises(NotFinite, match=f"^{name} must be a finite number"):
        atr_bracket(price, atr, side="BUY", **numbers)


@pytest.mark.parametrize(
    ("case", "price", "atr", "side"),
    [
        ("a range of nothing", 100.0, 0.0, "BUY"),
        ("a negative range", 100.0, -1.0, "BUY"),
        ("a negative price", -100.0, 1.0, "SELL"),
        ("a buy's stop exactly at zero", 100.0, 50.0, "BUY"),
        ("a sell's target below zero", 100.0, 34.0, "SELL"),  # 100 - 3 x 34
        ("a range that rounds away", 1e16, 0.1, "BUY"),
    ],
)
def test_levels_that_cannot_be_are_an_error(case: str, price: float, atr: float, side: str) -> None:
    with pytest.raises(OutOfRange, match="must be above 0 and on both sides"):
        atr_bracket(price, atr, side=side)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize(("stop_atr", "target_atr"), [(1e-20, 3.0), (2.0, 1e-20)])
def test_one_level_that_rounds_to_the_price_is_an_error(
    side: str, stop_atr: float, target_atr: float
) -> None:
    with pytest.raises(OutOfRange, match="must be above 0 and on both sides"):
        atr_bracket(100.0, 1.0, side=side, stop_atr=stop_atr, target_atr=target_atr)


def test_one_step_above_zero_is_a_level() -> None:
    assert atr_bracket(100.0, math.nextafter(50.0, 0.0), side="BUY").stop > 0


@pytest.mark.parametrize("side", ["HOLD", "buy", ""])
def test_only_a_buy_and_a_sell_have_brackets(side: str) -> None:
    with pytest.raises(OutOfRange, match=r"^side must be BUY or SELL"):
        atr_bracket(100.0, 2.5, side=side)


@pytest.mark.parametrize(
    ("price", "atr", "multiple", "name"),
    [(100.0, 1e200, 1e200, "stop_atr × atr"), (1e308, 1e308, 0.9, "the upper level")],
)
def test_levels_beyond_all_floats_are_an_error(price: float, atr: float, multiple: float, name: str) -> None:
    with pytest.raises(NotFinite, match=f"^{name} must be a finite number"):
        atr_bracket(price, atr, side="BUY", stop_atr=multiple, target_atr=multiple)
