"""Brackets by fractions, volatility and true range: worked sums, sides, bounds, and levels that cannot be."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    BRACKET_STYLES,
    PREDICTION_MARKET,
    Bounds,
    Bracket,
    NotFinite,
    OutOfRange,
    atr_bracket,
    fixed_bracket,
    styled_bracket,
    volatility_bracket,
)
from tests.risk.calls import loosely
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
        loosely(atr_bracket, price, atr, side="BUY", **numbers)


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


@pytest.mark.parametrize(
    ("style", "buy", "sell", "reward"),
    [
        ("conservative", Bracket(95.0, 105.0), Bracket(105.0, 95.0), 1.0),
        ("balanced", Bracket(95.0, 107.5), Bracket(105.0, 92.5), 1.5),
        ("aggressive", Bracket(95.0, 110.0), Bracket(105.0, 90.0), 2.0),
    ],
)
def test_a_style_is_how_much_reward_is_asked_for_the_risk(
    style: str, buy: Bracket, sell: Bracket, reward: float
) -> None:
    assert styled_bracket(100.0, 2.5, side="BUY", style=style) == buy
    assert styled_bracket(100.0, 2.5, side="SELL", style=style) == sell
    assert (buy.target - 100.0) / (100.0 - buy.stop) == reward


def test_there_are_three_styles_and_the_balanced_one_is_usual() -> None:
    assert list(BRACKET_STYLES) == ["conservative", "balanced", "aggressive"]
    assert styled_bracket(100.0, 2.5, side="BUY") == atr_bracket(100.0, 2.5, side="BUY")
    with pytest.raises(
        OutOfRange, match=r"^style must be one of conservative, balanced, aggressive, not 'bold'"
    ):
        styled_bracket(100.0, 2.5, side="BUY", style="bold")


def test_fixed_levels_lie_at_fractions_of_the_price() -> None:
    assert fixed_bracket(100.0, side="BUY", stop_pct=0.05, target_pct=0.10) == Bracket(95.0, 110.0)
    assert fixed_bracket(100.0, side="SELL", stop_pct=0.05, target_pct=0.10) == Bracket(105.0, 90.0)
    assert fixed_bracket(200.0, side="BUY") == Bracket(190.0, 220.0)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_volatile_levels_lie_where_returns_may_wander(side: str) -> None:
    sign = 1 if side == "BUY" else -1
    day = volatility_bracket(100.0, 0.02, side=side, multiple=2.0, reward_ratio=1.5)
    assert (day.stop, day.target) == pytest.approx((100 - sign * 4.0, 100 + sign * 6.0))
    four_days = volatility_bracket(100.0, 0.02, side=side, horizon_periods=4)
    assert (four_days.stop, four_days.target) == pytest.approx((100 - sign * 8.0, 100 + sign * 12.0))


@given(
    price=st.floats(0.01, 1e6),
    distance=st.floats(1e-6, 0.3),
    reward=st.floats(0.5, 3),
    side=st.sampled_from(["BUY", "SELL"]),
)
def test_all_brackets_keep_their_sides_and_their_proportion(
    price: float, distance: float, reward: float, side: str
) -> None:
    for bracket in (
        fixed_bracket(price, side=side, stop_pct=distance, target_pct=distance * reward),
        volatility_bracket(price, distance, side=side, multiple=1.0, reward_ratio=reward),
        atr_bracket(price, price * distance, side=side, stop_atr=1.0, target_atr=reward),
    ):
        assert abs(price - bracket.stop) == pytest.approx(price * distance, rel=1e-6)
        assert abs(bracket.target - price) == pytest.approx(price * distance * reward, rel=1e-6)
        assert (bracket.stop < price < bracket.target) == (side == "BUY")
        assert (bracket.target < price < bracket.stop) == (side == "SELL")


@given(
    price=st.floats(0.002, 0.998),
    distance=st.floats(0.001, 10),
    side=st.sampled_from(["BUY", "SELL"]),
    style=st.sampled_from(sorted(BRACKET_STYLES)),
)
def test_a_prediction_markets_levels_stay_within_its_probabilities(
    price: float, distance: float, side: str, style: str
) -> None:
    for bracket in (
        styled_bracket(price, distance, side=side, style=style, bounds=PREDICTION_MARKET),
        fixed_bracket(price, side=side, stop_pct=distance, target_pct=distance, bounds=PREDICTION_MARKET),
        volatility_bracket(price, distance, side=side, bounds=PREDICTION_MARKET),
    ):
        low, high = sorted((bracket.stop, bracket.target))
        assert 0 < 0.001 <= low < price < high <= 0.999 < 1
        assert (bracket.stop < bracket.target) == (side == "BUY")


def test_bounds_leave_levels_within_them_alone() -> None:
    within = fixed_bracket(0.5, side="BUY", stop_pct=0.1, target_pct=0.2, bounds=PREDICTION_MARKET)
    assert within == Bracket(0.45, 0.6)
    drawn_back = fixed_bracket(0.9, side="BUY", stop_pct=0.1, target_pct=0.2, bounds=PREDICTION_MARKET)
    assert drawn_back == Bracket(0.9 - 0.1 * 0.9, 0.999)
    cents = Bounds(lowest=0.01, highest=0.99)
    assert fixed_bracket(0.9, side="SELL", stop_pct=0.2, target_pct=0.995, bounds=cents) == Bracket(
        0.99, 0.01
    )


@pytest.mark.parametrize("price", [0.001, 0.999, 0.0005, 1.5, 0.0, -0.5])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_price_on_or_beyond_its_bounds_has_no_bracket(price: float, side: str) -> None:
    with pytest.raises(OutOfRange, match="must be above 0 and on both sides"):
        fixed_bracket(price, side=side, bounds=PREDICTION_MARKET)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
@pytest.mark.parametrize(("stop_pct", "target_pct"), [(0.0, 0.1), (0.1, 0.0), (-0.1, 0.1), (0.1, -0.1)])
@pytest.mark.parametrize("bounds", [None, PREDICTION_MARKET])
def test_bounds_turn_no_distance_of_nothing_into_a_level(
    side: str, stop_pct: float, target_pct: float, bounds: Bounds | None
) -> None:
    with pytest.raises(OutOfRange, match="must be above 0 and on both sides"):
        fixed_bracket(0.9985, side=side, stop_pct=stop_pct, target_pct=target_pct, bounds=bounds)


@pytest.mark.parametrize("value", [NAN, INF, True])
@pytest.mark.parametrize("name", ["price", "stop_pct", "target_pct"])
def test_a_fixed_bracket_of_what_is_not_finite_is_an_error(name: str, value: float) -> None:
    numbers = {"price": 100.0, "stop_pct": 0.1, "target_pct": 0.1} | {name: value}
    with pytest.raises(NotFinite, match=f"^{name} must be a finite number"):
        loosely(fixed_bracket, numbers.pop("price"), side="BUY", **numbers)


@pytest.mark.parametrize("value", [NAN, INF, True])
@pytest.mark.parametrize("name", ["price", "volatility", "multiple", "reward_ratio"])
def test_a_volatility_bracket_of_what_is_not_finite_is_an_error(name: str, value: float) -> None:
    numbers = {"price": 100.0, "volatility": 0.1, "multiple": 1.0, "reward_ratio": 1.0} | {name: value}
    price, spread = numbers.pop("price"), numbers.pop("volatility")
    with pytest.raises(NotFinite, match=f"^{name} must be a finite number"):
        loosely(volatility_bracket, price, spread, side="BUY", **numbers)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"volatility": 0.0}, r"^volatility must be above 0"),
        ({"multiple": -1.0}, r"^multiple must be above 0"),
        ({"horizon_periods": 0}, r"^horizon_periods must be a whole number"),
        ({"reward_ratio": 0.0}, r"must be above 0 and on both sides"),
        ({"volatility": 0.5}, r"must be above 0 and on both sides"),  # 100 - 2 x 0.5 x 100
    ],
)
def test_a_volatility_bracket_without_meaning_is_an_error(words: dict[str, float], message: str) -> None:
    numbers = {"volatility": 0.01} | words
    with pytest.raises(OutOfRange, match=message):
        loosely(volatility_bracket, 100.0, numbers.pop("volatility"), side="BUY", **numbers)
