"""Usable numbers are told from everything else, and all of it can be put in words."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from risk import NotFinite, OutOfRange
from risk.numbers import (
    count,
    describe,
    finite,
    fraction,
    not_negative,
    positive,
    record,
    require_count,
    require_finite,
    require_fraction,
    require_inside,
    require_not_negative,
    require_positive,
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


REQUIRED = [require_positive, require_not_negative, require_fraction, require_inside]


@pytest.mark.parametrize("value", UNUSABLE)
@pytest.mark.parametrize("require", REQUIRED)
def test_what_is_no_finite_number_is_an_error_that_names_it(
    require: Callable[[str, object], float], value: object
) -> None:
    with pytest.raises(NotFinite, match=r"^size must be a finite number, not .+\.$"):
        require("size", value)


@pytest.mark.parametrize(
    ("value", "fits"),
    [  # above 0, 0 or more, 0 to 1, between 0 and 1
        (-5e-324, (False, False, False, False)),
        (-0.0, (False, True, True, False)),
        (0, (False, True, True, False)),
        (5e-324, (True, True, True, True)),
        (math.nextafter(1.0, 0.0), (True, True, True, True)),
        (1, (True, True, True, False)),
        (math.nextafter(1.0, 2.0), (True, True, False, False)),
    ],
)
def test_what_is_required_ends_where_it_says(value: float, fits: tuple[bool, ...]) -> None:
    for require, is_fit in zip(REQUIRED, fits, strict=True):
        if is_fit:
            assert require("size", value) == value
        else:
            with pytest.raises(OutOfRange, match=r"^size must (be|lie) .+, not .+\.$"):
                require("size", value)


@pytest.mark.parametrize("value", [-1, 2**53 + 1, 3.0, True, None, NAN, "3"])
def test_what_is_no_count_is_an_error_that_names_it(value: object) -> None:
    with pytest.raises(OutOfRange, match=r"^trades must be a whole number of at least 0, not .+\.$"):
        require_count("trades", value, least=0)


def test_numbers_of_arrays_are_numbers() -> None:
    assert [require("size", np.float64(0.5)) for require in REQUIRED] == [0.5] * len(REQUIRED)


def test_a_count_may_have_a_least() -> None:
    assert [require_count("trades", 1), require_count("trades", 5, least=5)] == [1, 5]
    with pytest.raises(OutOfRange, match=r"^trades must be a whole number of at least 1, not 0\.$"):
        require_count("trades", 0)
    with pytest.raises(OutOfRange, match=r"^trades must be a whole number of at least 5, not 4\.$"):
        require_count("trades", 4, least=5)
