"""Money between Decimal and float: whole cents downwards, and nothing that a column cannot hold."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalas.services import judgements


@pytest.mark.parametrize(
    ("price", "stored"),
    [
        (None, None),
        (100.0, "100.0000000000"),
        (0.1, "0.1000000000"),
        (1e-11, "0.0000000000"),
        (5.5e-10, "0.0000000006"),
        (9.9e13, "99000000000000.0000000000"),
        (1e14, None),
        (1.7e308, None),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_a_level_is_kept_to_ten_places_or_not_at_all(price: float | None, stored: str | None) -> None:
    assert judgements.level(price) == (Decimal(stored) if stored is not None else None)


@given(st.floats())
def test_no_level_breaks_its_column_of_twenty_four_digits(price: float) -> None:
    level = judgements.level(price)
    assert level is None or len(level.as_tuple().digits) <= 24
