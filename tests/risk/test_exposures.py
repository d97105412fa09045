"""Exposure and leverage against exact sums, by type, and for an empty book."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    WrongShape,
    exposure_by_type,
    exposure_shares_by_type,
    gross_exposure,
    leverage,
    net_exposure,
)
from tests.risk.calls import loosely
from tests.risk.cases import INF, NAN

TYPES = ["crypto", "polymarket", "equity"]
books = st.lists(
    st.tuples(st.integers(-100_000, 100_000).map(lambda cents: cents / 64), st.sampled_from(TYPES)),
    max_size=30,
)


def parted(book: list[tuple[float, str]]) -> tuple[FloatArray, list[str]]:
    return np.array([value for value, _ in book], dtype=float), [kind for _, kind in book]


@given(book=books, equity=st.floats(1, 1e6))
def test_exposures_are_plain_sums(book: list[tuple[float, str]], equity: float) -> None:
    values, kinds = parted(book)
    exact = [Fraction(value) for value, _ in book]
    gross = sum(map(abs, exact), Fraction(0))
    assert gross_exposure(values) == float(gross)
    assert net_exposure(values) == float(sum(exact, Fraction(0)))
    assert abs(net_exposure(values)) <= gross_exposure(values)
    assert leverage(values, equity=equity) == pytest.approx(float(gross) / equity)
    totals = exposure_by_type(values, kinds)
    assert set(totals) == set(kinds)
    for kind, total in totals.items():
        assert total == float(sum(abs(value) for value, k in zip(exact, kinds, strict=True) if k == kind))
    assert sum(totals.values()) == pytest.approx(float(gross))
    shares = exposure_shares_by_type(values, kinds, equity=equity)
    assert sum(shares.values()) == pytest.approx(leverage(values, equity=equity))


def test_a_short_counts_as_much_as_a_long() -> None:
    values = np.array([6000.0, -3000.0, 1000.0])
    assert gross_exposure(values) == 10_000.0
    assert net_exposure(values) == 4000.0
    assert leverage(values, equity=5000.0) == 2.0
    kinds = ["crypto", "crypto", "polymarket"]
    assert exposure_by_type(values, kinds) == {"crypto": 9000.0, "polymarket": 1000.0}
    assert exposure_shares_by_type(values, kinds, equity=5000.0) == {"crypto": 1.8, "polymarket": 0.2}


def test_an_empty_book_is_exposed_to_nothing() -> None:
    nothing = np.empty(0)
    assert gross_exposure(nothing) == net_exposure(nothing) == leverage(nothing, equity=1.0) == 0.0
    assert exposure_by_type(nothing, []) == exposure_shares_by_type(nothing, [], equity=1.0) == {}


@pytest.mark.parametrize("equity", [0.0, -1.0, NAN, INF, True])
def test_leverage_needs_equity_above_nothing(equity: float) -> None:
    error = OutOfRange if equity in (0.0, -1.0) else NotFinite
    with pytest.raises(error, match=r"^equity must be"):
        leverage(np.ones(2), equity=equity)
    with pytest.raises(error, match=r"^equity must be"):
        exposure_shares_by_type(np.ones(1), ["crypto"], equity=equity)


def test_types_must_fit_and_be_names() -> None:
    with pytest.raises(WrongShape, match=r"^There are 2 values and 1 market types\.$"):
        exposure_by_type(np.ones(2), ["crypto"])
    for odd in ("", None, 3):
        with pytest.raises(OutOfRange, match=r"^A market type must be a name, not "):
            loosely(exposure_by_type, np.ones(1), [odd])


def test_sums_that_leave_the_floats_are_errors() -> None:
    large = np.full(3, 1e308)
    for measure in (gross_exposure, net_exposure):
        with pytest.raises(NotFinite):
            measure(large)
    with pytest.raises(NotFinite, match=r"^The exposure to crypto is inf"):
        exposure_by_type(large, ["crypto"] * 3)
    with pytest.raises(NotFinite, match=r"^The leverage is inf"):
        leverage(large[:1], equity=1e-10)
    with pytest.raises(NotFinite, match=r"^The share of crypto is inf"):
        exposure_shares_by_type(large[:1], ["crypto"], equity=1e-10)
