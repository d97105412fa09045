"""Rooms under the tail limits against what trying every amount in plain Python finds."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk.checks.rooms import losses_beyond, mean_of_worst, room_for_shortfall, room_for_value_at_risk
from risk.series import FloatArray

rows = st.lists(st.tuples(st.integers(-20, 20), st.integers(-5, 5)), min_size=5, max_size=12)


def at_risk(pairs: list[tuple[int, int]], amount: float, whole: int) -> float:
    return sorted((base + amount * unit for base, unit in pairs), reverse=True)[whole]


def shortfall(pairs: list[tuple[int, int]], amount: float, whole: int, rest: float) -> float:
    losses = sorted((base + amount * unit for base, unit in pairs), reverse=True)
    return (sum(losses[:whole]) + rest * losses[whole]) / (whole + rest)


def arrays(pairs: list[tuple[int, int]]) -> tuple[FloatArray, FloatArray]:
    return np.array([float(base) for base, _ in pairs]), np.array([float(unit) for _, unit in pairs])


@given(rows, st.integers(1, 3), st.integers(-5, 30))
def test_value_at_risk_stays_within_the_limit_up_to_the_room_and_passes_it_right_after(
    pairs: list[tuple[int, int]], whole: int, limit: int
) -> None:
    base, unit = arrays(pairs)
    assert losses_beyond(base, whole) == at_risk(pairs, 0.0, whole)
    found = room_for_value_at_risk(base, unit, limit=float(limit), whole=whole)
    if at_risk(pairs, 0.0, whole) > limit:
        assert found == 0.0
        return
    # A loss crosses the limit at a fraction of small whole numbers: between two of them nothing changes.
    crossings = sorted({(limit - b) / u for b, u in pairs if u and (limit - b) / u >= 0} | {0.0, 100.0})
    tried = [(one + other) / 2 for one, other in zip(crossings, [*crossings[1:], 200.0], strict=True)]
    broken = [amount for amount in tried if at_risk(pairs, amount, whole) > limit]
    assert all(amount <= found for amount in tried if not broken or amount < broken[0])
    if broken:
        assert found < broken[0]
        assert at_risk(pairs, found, whole) <= limit + 1e-9
    else:
        assert found == float("inf")


@given(rows, st.integers(1, 3), st.sampled_from([0.0, 0.25, 0.5]), st.integers(-5, 30))
def test_the_shortfall_stays_within_the_limit_up_to_the_room_and_passes_it_right_after(
    pairs: list[tuple[int, int]], whole: int, rest: float, limit: int
) -> None:
    base, unit = arrays(pairs)
    assert mean_of_worst(base, whole, rest) == pytest.approx(shortfall(pairs, 0.0, whole, rest))
    found = room_for_shortfall(base, unit, limit=float(limit), whole=whole, rest=rest)
    now = shortfall(pairs, 0.0, whole, rest)
    assume(abs(now - limit) > 1e-9)
    if now > limit:
        assert found == 0.0
    elif found == float("inf"):
        assert shortfall(pairs, 1e6, whole, rest) <= limit + 1e-6
    else:
        assert shortfall(pairs, found, whole, rest) <= limit + 1e-9
        assert shortfall(pairs, found * 1.001 + 1e-6, whole, rest) > limit


def test_the_tail_of_twenty_periods_at_95_percent_is_one_period_and_the_value_at_risk_the_second_worst() -> (
    None
):
    losses = np.arange(20.0)
    assert losses_beyond(losses, 1) == 18.0
    assert mean_of_worst(losses, 1, 0.0) == 19.0


def test_a_book_without_any_order_that_could_break_it_has_no_end_of_room() -> None:
    base, unit = np.array([1.0, 2.0, 3.0, 4.0]), np.array([-1.0, -1.0, -1.0, -1.0])
    assert room_for_value_at_risk(base, unit, limit=5.0, whole=1) == float("inf")
    assert room_for_shortfall(base, unit, limit=5.0, whole=1, rest=0.0) == float("inf")
