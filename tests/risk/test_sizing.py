"""Fixed fractional sizing: worked sums, limits of its meaning, and what a stop really costs."""

from math import nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import NotFinite, OutOfRange, after_losses, fixed_fractional
from risk.numbers import describe
from tests.risk.cases import INF, NAN

GOOD = {"equity_usd": 10_000.0, "risk_fraction": 0.01, "price": 100.0, "stop": 95.0, "confidence": 1.0}


def sized(**changes: float) -> float:
    numbers = GOOD | changes
    return fixed_fractional(
        numbers["equity_usd"],
        risk_fraction=numbers["risk_fraction"],
        price=numbers["price"],
        stop=numbers["stop"],
        confidence=numbers["confidence"],
    )


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, 2000.0),  # 10,000 x 0.01 = 100 at risk; the stop is 5 % away; 100 / 0.05
        ({"confidence": 0.5}, 1000.0),  # half as sure, half the size
        ({"stop": 90.0}, 1000.0),  # twice as far, half the size
        ({"stop": 105.0}, 2000.0),  # the same distance on the other side
        ({"stop": 99.0}, 10_000.0),  # 100 / 0.01: the gate will cut it
        ({"confidence": 0.0}, 0.0),
        ({"risk_fraction": 0.0}, 0.0),
        ({"risk_fraction": 1.0, "stop": 50.0}, 20_000.0),  # 10,000 / 0.5
    ],
)
def test_a_size_is_the_money_at_risk_over_the_distance_to_the_stop(
    changes: dict[str, float], size: float
) -> None:
    assert sized(**changes) == pytest.approx(size, rel=1e-12)


@given(
    equity=st.floats(1.0, 1e9),
    risk=st.floats(0.0, 1.0),
    price=st.floats(0.01, 1e6),
    distance=st.floats(0.001, 0.999),
    confidence=st.floats(0.0, 1.0),
)
def test_a_hit_stop_costs_the_fraction_that_was_to_be_risked(
    equity: float, risk: float, price: float, distance: float, confidence: float
) -> None:
    stop = price * (1 - distance)
    size = sized(equity_usd=equity, risk_fraction=risk, price=price, stop=stop, confidence=confidence)
    units = size / price
    assert units * (price - stop) == pytest.approx(equity * risk * confidence, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("name", list(GOOD))
@pytest.mark.parametrize("value", [NAN, INF, -INF, True])
def test_a_number_that_is_not_finite_is_an_error_that_names_it(name: str, value: float) -> None:
    with pytest.raises(NotFinite, match=f"^{name} must be a finite number"):
        sized(**{name: value})


@pytest.mark.parametrize("name", ["equity_usd", "price", "stop"])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_money_and_prices_are_above_zero(name: str, value: float) -> None:
    with pytest.raises(OutOfRange, match=f"^{name} must be above 0, not {value:g}\\.$"):
        sized(**{name: value})


@pytest.mark.parametrize("name", ["risk_fraction", "confidence"])
@pytest.mark.parametrize("value", [-0.01, 1.01])
def test_fractions_lie_from_zero_to_one(name: str, value: float) -> None:
    with pytest.raises(OutOfRange, match=f"^{name} must be from 0 to 1, not {value}\\.$"):
        sized(**{name: value})


def test_a_stop_at_the_price_gives_no_size() -> None:
    with pytest.raises(OutOfRange, match=r"^stop must differ from the price, but both are 100\.$"):
        sized(stop=100.0)


def test_a_size_beyond_all_floats_is_an_error() -> None:
    told = r"^A risk of 1e\+308 USD with a stop at 95 gives no finite size\.$"
    with pytest.raises(NotFinite, match=told):
        sized(equity_usd=1e308, risk_fraction=1.0)  # 1e308 / 0.05


@pytest.mark.parametrize(
    ("losses", "left"), [(0, 1.0), (1, 0.8), (2, 0.64), (6, 0.262144), (7, 0.25), (10**9, 0.25)]
)
def test_a_size_shrinks_with_each_loss_in_a_row_and_never_below_its_least(losses: int, left: float) -> None:
    assert after_losses(losses) == pytest.approx(left, rel=1e-12)


def test_a_step_of_one_keeps_the_size_and_a_step_of_zero_leaves_the_least() -> None:
    assert after_losses(50, step=1.0) == 1.0
    assert after_losses(1, step=0.0) == 0.25
    assert after_losses(0, step=0.0) == 1.0
    assert after_losses(10_001, step=nextafter(1.0, 0.0), least=0.0) == nextafter(1.0, 0.0) ** 10_000


@pytest.mark.parametrize("rubbish", [1.0, True, None, NAN])
def test_a_number_of_losses_is_whole(rubbish: object) -> None:
    with pytest.raises(NotFinite, match=f"^losses must be a whole number, not {describe(rubbish)}\\.$"):
        after_losses(rubbish)  # type: ignore[arg-type]


def test_what_makes_no_sense_is_an_error_that_names_it() -> None:
    with pytest.raises(OutOfRange, match=r"^losses must be 0 or more, not -1\.$"):
        after_losses(-1)
    with pytest.raises(OutOfRange, match=r"^step must be from 0 to 1, not 1\.5\.$"):
        after_losses(1, step=1.5)
    with pytest.raises(OutOfRange, match=r"^least must be from 0 to 1, not -0\.5\.$"):
        after_losses(1, least=-0.5)
