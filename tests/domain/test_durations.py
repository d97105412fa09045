"""Lengths of time as people type them."""

from datetime import timedelta

import pytest

from thalas.domain import durations
from thalas.errors import BadInput


@pytest.mark.parametrize(
    ("typed", "length"),
    [
        ("90d", timedelta(days=90)),
        ("12h", timedelta(hours=12)),
        (" 30M ", timedelta(minutes=30)),
        ("2w", timedelta(days=14)),
        ("0d", timedelta(0)),
        ("3660d", timedelta(days=3660)),
    ],
)
def test_a_number_and_a_unit_make_a_length(typed: str, length: timedelta) -> None:
    assert durations.parsed("expires", typed) == length


@pytest.mark.parametrize("typed", ["", "90", "d", "-1d", "1.5d", "1y", "3661d", "9999999d", "٣d", "1d 2h"])
def test_anything_else_is_refused_by_name(typed: str) -> None:
    with pytest.raises(BadInput, match="such as 90d") as told:
        durations.parsed("expires", typed)
    assert told.value.field == "expires"
