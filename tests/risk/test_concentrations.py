"""Concentration against exact shares in fractions, at its two ends, and by its laws."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    OutOfRange,
    diversification,
    effective_positions,
    exposure_shares,
    herfindahl,
    largest_share,
)

MEASURES = [herfindahl, effective_positions, diversification, largest_share]
books = (
    st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=30)
    .filter(any)
    .map(lambda values: np.array(values) / 8.0)
)


@given(values=books)
def test_the_index_is_the_sum_of_squared_shares(values: FloatArray) -> None:
    sizes = [abs(Fraction(value)) for value in values.tolist()]
    shares = [size / sum(sizes) for size in sizes]
    index = sum(share**2 for share in shares)
    assert herfindahl(values) == pytest.approx(float(index))
    assert effective_positions(values) == pytest.approx(float(1 / index))
    assert largest_share(values) == pytest.approx(float(max(shares)))
    held = [share for share in shares if share]
    spread = (1 - index) / (1 - Fraction(1, len(held))) if len(held) > 1 else Fraction(0)
    assert diversification(values) == pytest.approx(float(spread), abs=1e-12)
    assert exposure_shares(values).tolist() == pytest.approx([float(share) for share in shares])


@given(values=books)
def test_the_index_lies_between_equal_shares_and_a_single_one(values: FloatArray) -> None:
    n = len(values)
    assert 1 / n <= herfindahl(values) <= 1
    assert 1 <= effective_positions(values) <= n + 1e-9
    assert 0 <= diversification(values) <= 1
    assert 1 / n <= largest_share(values) + 1e-15 <= 1 + 1e-15


@given(values=books, scale=st.floats(1e-6, 1e6), seed=st.integers(0, 99))
def test_scale_sign_and_order_are_no_matter(values: FloatArray, scale: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    moved = generator.permutation(values) * scale * generator.choice([-1.0, 1.0], len(values))
    for measure in MEASURES:
        assert measure(moved) == pytest.approx(measure(values), abs=1e-9)


@given(values=books)
def test_joining_two_positions_never_spreads_the_book(values: FloatArray) -> None:
    sizes = np.abs(values)
    joined = np.append(sizes[2:], sizes[:2].sum())
    assert herfindahl(joined) >= herfindahl(sizes) - 1e-12


@pytest.mark.parametrize("n", [1, 2, 3, 7, 10, 49, 1000])
def test_equal_positions_are_as_spread_as_can_be(n: int) -> None:
    equal = np.full(n, 0.1)
    assert herfindahl(equal) == pytest.approx(1 / n, rel=1e-12)
    assert herfindahl(equal) >= 1 / n
    assert diversification(equal) == pytest.approx(0.0 if n == 1 else 1.0)
    assert herfindahl(np.append(np.zeros(n), 5.0)) == 1.0
    assert diversification(np.append(np.zeros(n), 5.0)) == 0.0


@pytest.mark.parametrize("measure", [*MEASURES, exposure_shares])
def test_an_empty_book_is_an_error(measure: object) -> None:
    assert callable(measure)
    with pytest.raises(OutOfRange, match=r"^values are all 0: an empty book is not concentrated anywhere\.$"):
        measure(np.zeros(3))


def test_books_near_the_ends_of_the_floats_have_shares() -> None:
    assert exposure_shares(np.full(4, 1.7e308)).tolist() == [0.25] * 4
    assert exposure_shares(np.full(4, 5e-324)).tolist() == [0.25] * 4
