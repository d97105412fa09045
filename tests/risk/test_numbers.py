"""Usable numbers are told from everything else, and all of it can be put in words."""

import math

import pytest

from risk import NotFinite
from risk.numbers import (
    count,
    describe,
    finite,
    fraction,
    not_negative,
    positive,
    record,
    require_finite,
    usd,
)
from tests.risk.cases import INF, NAN

UNUSABLE = [None, NAN, INF, -INF, True, False, "1", b"1", [1.0], 1j, 10**400, object()]


@pytest.mark.parametrize("value", UNUSABLE)
def test_what_is_no_finite_number_is_none(value: object) -> None:
    assert finite(value) is None
    assert positive(value) is None
    assert not_negative(value) is None
    assert fraction(value) is None
    with pytest.raises(NotFinite, match=r"^size must be a finite number, not .+\.$"):
        require_finite("size", value)


@pytest.mark.parametrize(
    ("value", "is_positive", "is_not_negative", "is_fraction"),
    [
        (-5e-324, False, False, False),
        (-0.0, False, True, True),
        (0, False, True, True),
        (5e-324, True, True, True),
        (1, True, True, True),
        (math.nextafter(1.0, 2.0), True, True, False),
    ],
)
def test_the_ranges_end_where_they_say(
    value: float, is_positive: bool, is_not_negative: bool, is_fraction: bool
) -> None:
    assert finite(value) == value
    assert positive(value) == (value if is_positive else None)
    assert not_negative(value) == (value if is_not_negative else None)
    assert fraction(value) == (value if is_fraction else None)
    assert require_finite("size", value) == value


@pytest.mark.parametrize("value", [-1, 2**53 + 1, 10**400, 3.0, True, None, NAN, "3"])
def test_what_is_no_count_is_none(value: object) -> None:
    assert count(value) is None


def test_counts_run_from_zero_to_the_last_that_a_float_holds() -> None:
    assert [count(0), count(1), count(2**53)] == [0, 1, 2**53]


@pytest.mark.parametrize(
    ("value", "words", "kept"),
    [
        (None, "missing", None),
        (0.1, "0.1", 0.1),
        (1500, "1500", 1500.0),
        (1e22, "1e+22", 1e22),
        (NAN, "nan", "nan"),
        (-INF, "-inf", "-inf"),
        (True, "True", "True"),
        ("buy\n\ud800", r"'buy\n\ud800'", r"'buy\n\ud800'"),
        ("x" * 99, repr("x" * 40), repr("x" * 40)),
        ([1], "a list", "a list"),
        (10**400, "a int", "a int"),
    ],
)
def test_every_value_has_short_safe_words(value: object, words: str, kept: object) -> None:
    assert describe(value) == words
    assert record(value) == kept


@pytest.mark.parametrize(
    ("amount", "words"),
    [(0.0, "0.00 USD"), (1234.5, "1,234.50 USD"), (1e12, "1e+12 USD"), (-1e12, "-1e+12 USD")],
)
def test_dollars_read_as_dollars(amount: float, words: str) -> None:
    assert usd(amount) == words
