"""Falls from the peak, against every pair of days tried one by one."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    Drawdown,
    FloatArray,
    NotFinite,
    OutOfRange,
    drawdown_series,
    drawdowns,
    equity_drawdowns,
    max_drawdown,
    pain_index,
    ulcer_index,
    worst_drawdown,
    worst_equity_drawdown,
)


def compounded(returns: list[float]) -> list[Fraction]:
    equity = [Fraction(1)]
    for value in returns:
        equity.append(equity[-1] * (1 + Fraction(value)))
    return equity


def deepest(equity: list[Fraction]) -> Fraction:
    """The deepest fall from any day to any later one."""
    pairs = ((high, low) for at, high in enumerate(equity) for low in equity[at:] if high > 0)
    return max(1 - low / high for high, low in pairs)


falls = st.lists(st.integers(-64, 64), min_size=1, max_size=20).map(lambda v: np.array(v) / 64.0)


@given(returns=falls)
def test_the_deepest_fall_is_found_among_all_pairs_of_days(returns: FloatArray) -> None:
    wanted = float(deepest(compounded(returns.tolist())))
    assert max_drawdown(returns) == pytest.approx(wanted, abs=1e-12)
    assert worst_drawdown(returns).depth == max_drawdown(returns)
    series = drawdown_series(returns)
    assert series.shape == returns.shape
    assert series.max() <= max_drawdown(returns) <= 1
    assert series.min() >= 0
    assert pain_index(returns) == pytest.approx(sum(series.tolist()) / len(series))
    assert ulcer_index(returns) == pytest.approx((sum(v * v for v in series.tolist()) / len(series)) ** 0.5)


@given(returns=st.lists(st.integers(-64, 64), min_size=8, max_size=60).map(lambda v: np.array(v) / 64.0))
def test_a_long_series_has_the_same_deepest_fall_though_parts_are_not_walked(
    returns: FloatArray,
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(drawdowns, "FEW", 8)
        patched.setattr(drawdowns, "PART", 4)
        assert max_drawdown(returns) == drawdown_series(returns).max()


@pytest.mark.parametrize("periods", [1999, 2000, 2001, 2399, 2400, 4001, 10_000])
@pytest.mark.parametrize("drift", [-0.002, 0.0, 0.002])
def test_thousands_of_days_have_their_deepest_fall(periods: int, drift: float) -> None:
    returns = np.random.default_rng(periods).normal(drift, 0.01, periods)
    assert max_drawdown(returns) == drawdown_series(returns).max()
    ending = np.append(returns, [-0.9])  # in what is left after the last whole part
    assert max_drawdown(ending) == drawdown_series(ending).max()


@given(returns=falls)
def test_each_day_is_measured_from_the_highest_so_far(returns: FloatArray) -> None:
    equity = compounded(returns.tolist())
    wanted = [float(1 - equity[day] / max(equity[: day + 1])) for day in range(len(equity))]
    assert drawdown_series(returns).tolist() == pytest.approx(wanted[1:], abs=1e-12)
    curve = np.array([float(value) for value in equity])
    assert equity_drawdowns(curve).tolist() == pytest.approx(wanted, abs=1e-12)


@given(curve=st.lists(st.integers(0, 6), max_size=12), first=st.integers(1, 6), scale=st.floats(0.01, 100))
def test_the_dates_are_those_of_the_story(curve: list[int], first: int, scale: float) -> None:
    equity = np.array([first, *curve], dtype=float)
    found = worst_equity_drawdown(equity)
    trough = int(equity_drawdowns(equity).argmax())
    assert found.trough_at == trough
    highest = max(equity[: trough + 1])
    assert equity[found.peak_at] == highest
    assert (equity[found.peak_at + 1 : trough + 1] < highest).all() or found.depth == 0.0
    later = [day for day in range(trough, len(equity)) if equity[day] >= highest]
    assert found.recovered_at == (later[0] if later else None)
    assert found.length == trough - found.peak_at
    assert found.recovery == (later[0] - trough if later else None)
    scaled = worst_equity_drawdown(equity * scale)
    assert scaled.depth == pytest.approx(found.depth, abs=1e-12)


def test_a_fall_and_its_recovery_have_dates() -> None:
    returns = np.array([0.10, -0.20, -0.10, 0.05, 0.40, 0.01])
    found = worst_drawdown(returns)
    assert found == Drawdown(depth=max_drawdown(returns), peak_at=1, trough_at=3, recovered_at=5)
    assert found.depth == pytest.approx(0.28)
    assert (found.length, found.recovery) == (2, 2)
    assert worst_drawdown(returns[:4]).recovered_at is None
    assert worst_drawdown(returns[:4]).recovery is None


def test_a_loss_on_the_first_day_is_a_fall_from_the_start() -> None:
    assert worst_drawdown(np.array([-0.5])) == Drawdown(0.5, 0, 1, None)
    assert max_drawdown(np.array([-0.5, 1.0])) == 0.5


def test_equity_that_only_rises_never_fell() -> None:
    rising = np.full(5, 0.01)
    assert max_drawdown(rising) == 0.0
    assert worst_drawdown(rising) == Drawdown(0.0, 0, 0, 0)
    assert worst_drawdown(rising).recovery == 0
    assert pain_index(rising) == ulcer_index(rising) == 0.0


def test_losing_everything_is_a_fall_of_all_that_never_recovers() -> None:
    returns = np.array([0.5, -1.0, 3.0])
    assert worst_drawdown(returns) == Drawdown(1.0, 1, 2, None)
    assert drawdown_series(returns).tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize("measure", [max_drawdown, drawdown_series, worst_drawdown, pain_index, ulcer_index])
def test_losing_more_than_everything_is_an_error(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(OutOfRange, match=r"^returns must be -1 or more, not -1\.0000001: "):
        measure(np.array([0.1, -1.0000001]))
    with pytest.raises(NotFinite, match=r"^The highest equity is inf"):
        measure(np.full(400, 9.0))


@pytest.mark.parametrize("curve", [[0.0, 1.0], [-1.0, 1.0], [1.0, -0.1, 2.0]])
def test_an_equity_curve_starts_above_0_and_stays_there(curve: list[float]) -> None:
    with pytest.raises(OutOfRange, match=r"^equity must start above 0 and never be below 0, not -?[01]"):
        worst_equity_drawdown(np.array(curve))
    with pytest.raises(OutOfRange):
        equity_drawdowns(np.array(curve))


@given(returns=falls, better=st.integers(0, 32), place=st.integers(0, 19))
def test_a_final_fall_never_makes_the_deepest_smaller(returns: FloatArray, better: int, place: int) -> None:
    longer = np.append(returns, -better / 64.0)
    assert max_drawdown(longer) >= max_drawdown(returns)
    assert max_drawdown(returns[: place + 1]) <= max_drawdown(returns)


def test_of_falls_that_only_rounding_tells_apart_the_first_is_the_worst() -> None:
    # 0.96 x 0.97 = 0.97 x 0.96 = 0.9312, but not in floats; between them equity is at 1.0150 and falls again
    returns = np.array([-0.04, -0.03, 0.09, -0.03, -0.04, 0.06])
    found = worst_drawdown(returns)
    assert (found.peak_at, found.trough_at, found.recovered_at) == (0, 2, 3)
    assert found.depth == pytest.approx(0.0688, abs=1e-12)


def test_a_peak_that_only_rounding_keeps_from_being_reached_is_reached() -> None:
    # 0.97 x (1 + 3/97) = 1, but 0.9999999999999999 in floats
    back = np.array([-0.03, 0.03 / 0.97])
    assert worst_drawdown(back).recovered_at == 2
    found = worst_drawdown(np.array([*back, -0.04]))
    assert (found.peak_at, found.trough_at, found.recovered_at) == (2, 3, None)


def test_the_smallest_fall_there_is_counts() -> None:
    assert worst_drawdown(np.array([0.1, -1e-15, 0.1])).trough_at == 2
