"""Losses from history: against exact sums in fractions, at every boundary of the tail, and by their laws."""

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from risk import FloatArray, OutOfRange, TooFewObservations, expected_shortfall, value_at_risk
from risk.losses import linear_place, tail_length

LEVELS = {0.9: Fraction(9, 10), 0.95: Fraction(19, 20), 0.975: Fraction(39, 40), 0.99: Fraction(99, 100)}


def exact_shortfall(returns: list[float], level: Fraction) -> Fraction:
    """Rockafellar and Uryasev's scenario case, walking from the worst while the tail lasts."""
    left = (1 - level) * len(returns)
    tail, total, ordered = left, Fraction(0), iter(sorted(returns))
    while left > 0:
        taken = min(left, Fraction(1))
        total -= taken * Fraction(next(ordered))
        left -= taken
    return total / tail


def exact_linear(returns: list[float], level: Fraction) -> Fraction:
    """Type 7: at (1 - level)(n - 1) along the ordered returns."""
    ordered, place = sorted(returns), (1 - level) * (len(returns) - 1)
    near, far = Fraction(ordered[floor(place)]), Fraction(ordered[floor(place) + 1])
    return -(near + (place - floor(place)) * (far - near))


def exact_scenario(returns: list[float], level: Fraction, *, is_upper: bool) -> float:
    """The smallest observed loss x with P(loss <= x) >= level, or > level, by counting."""
    for loss in sorted(-value for value in returns):
        share = Fraction(sum(-value <= loss for value in returns), len(returns))
        if share > level or (share == level and not is_upper):
            return loss
    raise AssertionError("The largest loss is never exceeded.")


def draw(periods: int) -> FloatArray:
    return np.random.default_rng(periods).permutation(np.arange(periods) - periods * 0.6) / 64.0


@pytest.mark.parametrize("level", LEVELS)
def test_every_length_from_2_to_400_has_its_exact_tail(level: float) -> None:
    for periods in range(2, 401):
        exact = (1 - LEVELS[level]) * periods
        assert tail_length(periods, level) == (floor(exact), float(exact - floor(exact))), periods
        returns = draw(periods)
        listed = returns.tolist()
        assert value_at_risk(returns, level=level) == pytest.approx(
            float(exact_linear(listed, LEVELS[level])), rel=1e-14
        )
        if exact < 1:
            with pytest.raises(TooFewObservations, match="not one whole period"):
                expected_shortfall(returns, level=level)
        else:
            wanted = float(exact_shortfall(listed, LEVELS[level]))
            assert_allclose(
                expected_shortfall(returns, level=level), wanted, rtol=1e-14, err_msg=f"{periods}"
            )


@pytest.mark.parametrize("level", LEVELS)
def test_observed_quantiles_are_found_by_counting_at_every_length(level: float) -> None:
    for periods in [*range(2, 60), *range(60, 401, 20), 101, 199, 399]:
        returns = draw(periods)
        for quantile in ("lower", "upper"):
            wanted = exact_scenario(returns.tolist(), LEVELS[level], is_upper=quantile == "upper")
            assert value_at_risk(returns, level=level, quantile=quantile) == wanted, (periods, quantile)


def test_the_worst_of_twenty_days_is_one_day_and_not_a_day_and_a_rounding() -> None:
    assert (1 - 0.95) * 20 == 1.0000000000000009  # what others stumble over: rounded up, it is two days
    returns = -np.arange(1.0, 21.0) / 100.0
    assert expected_shortfall(returns, level=0.95) == 0.20
    assert value_at_risk(returns, level=0.95, quantile="upper") == 0.20
    assert value_at_risk(returns, level=0.95, quantile="lower") == 0.19
    assert value_at_risk(returns, level=0.95) == pytest.approx(0.19 + 0.05 * 0.01)  # 0.95 of the way down


def test_a_level_that_went_through_arithmetic_is_still_the_level_it_means() -> None:
    for near in (1 - 0.05, 0.95, np.nextafter(0.95, 1), np.nextafter(0.95, 0), 0.1 * 9.5):
        assert tail_length(20, float(near)) == (1, 0.0)
    assert tail_length(1000, 1 - 1e-3) == (1, 0.0)
    assert tail_length(10**6, 1 - 1e-15)[0] == 0  # finer than any fraction we look for, and still below 1
    assert sum(tail_length(10, 1e-15)) == pytest.approx(10.0)


def test_a_whole_tail_is_every_period_up_to_the_linear_quantile() -> None:
    returns = -np.arange(1.0, 31.0)
    assert linear_place(30, 0.9) == (2, 0.9)
    assert expected_shortfall(returns, level=0.9, tail="whole") == (30 + 29 + 28) / 3
    assert expected_shortfall(returns[:10], level=0.95, tail="whole") == 10.0  # one period is always there


def test_gains_in_the_tail_are_a_loss_below_zero() -> None:
    returns = np.full(20, 0.01)
    assert value_at_risk(returns) == -0.01
    assert expected_shortfall(returns) == pytest.approx(-0.01)
    assert str(value_at_risk(np.zeros(20))) == "0.0"
    assert str(value_at_risk(np.zeros(20), quantile="upper")) == "0.0"
    assert str(expected_shortfall(np.zeros(20))) == "0.0"


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 1.1, 95.0])
def test_a_level_lies_strictly_between_0_and_1(level: float) -> None:
    with pytest.raises(OutOfRange, match=r"^level must lie between 0 and 1"):
        value_at_risk(draw(50), level=level)
    with pytest.raises(OutOfRange, match=r"^level must lie between 0 and 1"):
        expected_shortfall(draw(50), level=level)


def test_words_that_mean_nothing_are_refused() -> None:
    with pytest.raises(OutOfRange, match=r"^quantile must be linear, lower or upper, not 'nearest'\.$"):
        value_at_risk(draw(50), quantile="nearest")
    with pytest.raises(OutOfRange, match=r"^tail must be exact or whole, not 'half'\.$"):
        expected_shortfall(draw(50), tail="half")


series = st.lists(st.integers(-1000, 1000), min_size=20, max_size=120).map(lambda v: np.array(v) / 1000.0)
levels = st.sampled_from(sorted(LEVELS)[:2]) | st.floats(0.5, 0.95)


@given(returns=series, level=levels)
def test_the_shortfall_is_never_below_the_value_at_risk(returns: FloatArray, level: float) -> None:
    shortfall = expected_shortfall(returns, level=level)
    for quantile in ("linear", "lower"):
        assert shortfall >= value_at_risk(returns, level=level, quantile=quantile) - 1e-12
    linear = value_at_risk(returns, level=level)
    assert expected_shortfall(returns, level=level, tail="whole") >= linear - 1e-12
    low, high = (value_at_risk(returns, level=level, quantile=quantile) for quantile in ("lower", "upper"))
    assert low <= high


@given(returns=series, level=levels, scale=st.floats(0.01, 100), shift=st.floats(-1, 1))
def test_losses_scale_with_the_position_and_fall_by_what_is_sure(
    returns: FloatArray, level: float, scale: float, shift: float
) -> None:
    for measure in (value_at_risk, expected_shortfall):
        moved = measure(returns * scale + shift, level=level)
        assert moved == pytest.approx(scale * measure(returns, level=level) - shift, abs=1e-9)


@given(returns=series, level=levels, seed=st.integers(0, 2**32))
def test_the_order_of_the_days_is_no_matter(returns: FloatArray, level: float, seed: int) -> None:
    mixed = np.random.default_rng(seed).permutation(returns)
    assert value_at_risk(mixed, level=level) == value_at_risk(returns, level=level)
    assert expected_shortfall(mixed, level=level) == pytest.approx(
        expected_shortfall(returns, level=level), abs=1e-12
    )


@given(
    pairs=st.lists(st.tuples(st.integers(-1000, 1000), st.integers(-1000, 1000)), min_size=20, max_size=99),
    level=levels,
)
def test_two_books_together_fall_short_by_no_more_than_apart(
    pairs: list[tuple[int, int]], level: float
) -> None:
    one, other = (np.array(column) / 1000.0 for column in zip(*pairs, strict=True))
    together = expected_shortfall(one + other, level=level)
    assert together <= expected_shortfall(one, level=level) + expected_shortfall(other, level=level) + 1e-12


@given(returns=series, worse=st.floats(0, 1), place=st.integers(0, 19))
def test_a_worse_day_never_makes_the_loss_smaller(returns: FloatArray, worse: float, place: int) -> None:
    after = returns.copy()
    after[place] -= worse
    assert value_at_risk(after) >= value_at_risk(returns) - 1e-12
    assert expected_shortfall(after) >= expected_shortfall(returns) - 1e-12


@given(returns=series, low=st.floats(0.5, 0.95), high=st.floats(0.5, 0.95))
def test_a_higher_level_never_gives_a_smaller_loss(returns: FloatArray, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert value_at_risk(returns, level=high) >= value_at_risk(returns, level=low) - 1e-12
    assert expected_shortfall(returns, level=high) >= expected_shortfall(returns, level=low) - 1e-12


@pytest.mark.parametrize("periods", [3999, 4000, 4001, 9000, 30_000])
@pytest.mark.parametrize("kind", ["mixed", "sorted", "in turns", "equal"])
def test_many_periods_are_not_all_looked_at_and_none_is_missed(periods: int, kind: str) -> None:
    returns = np.random.default_rng(periods).integers(-5000, 5000, periods) / 8192.0
    if kind == "sorted":
        returns.sort()
    elif kind == "in turns":
        returns[::64] = -1.0  # a glance at every 64th sees only these, and they are not the whole tail
    elif kind == "equal":
        returns[:] = -0.25
    listed = returns.tolist()
    for level, exact in LEVELS.items():
        wanted = float(exact_shortfall(listed, exact))
        assert expected_shortfall(returns, level=level) == pytest.approx(wanted, rel=1e-12)
        wanted = float(exact_linear(listed, exact))
        assert value_at_risk(returns, level=level) == pytest.approx(wanted, rel=1e-12)
    assert value_at_risk(returns, level=0.5, quantile="upper") == -sorted(listed)[-(-periods // 2) - 1]


def test_numpy_agrees_on_the_linear_quantile_of_many_periods() -> None:
    returns = np.random.default_rng(1).standard_t(3, 5000) / 50.0
    for level in (0.9, 0.95, 0.99, 0.999, 1 / 3):
        assert value_at_risk(returns, level=level) == pytest.approx(-np.quantile(returns, 1 - level))
