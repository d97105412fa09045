from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalas import figures


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("0", "US$ 0"),
        ("0.0021", "US$ 0.0021"),
        ("0.099999", "US$ 0.1000"),
        ("0.1", "US$ 0.10"),
        ("1500", "US$ 1,500.00"),
        ("0.000001", "below US$ 0.0001"),
    ],
)
def test_money_keeps_the_places_that_matter(amount: str, told: str) -> None:
    assert figures.usd(Decimal(amount)) == told


@pytest.mark.parametrize(
    ("ms", "told"),
    [(0.0, "0 ms"), (812.4, "812 ms"), (9999.0, "9,999 ms"), (10_000.0, "10.0 s"), (61_000.0, "61.0 s")],
)
def test_durations_turn_to_seconds_at_ten_seconds(ms: float, told: str) -> None:
    assert figures.duration(ms) == told


@pytest.mark.parametrize(
    ("level", "told"),
    [(None, "–"), (3789.516, "3,789.52"), (Decimal("0.0000123450"), "1.2345e-05"), (0.5, "0.5")],
)
def test_prices_below_one_keep_their_digits(level: Decimal | float | None, told: str) -> None:
    assert figures.price(level) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "–"), ("released", "released"), (True, "True"), (0.72, "0.72"), (1500.0, "1,500.00"), (0, "0")],
)
def test_a_checks_value_is_shown_whatever_kind_it_is(value: str | float | None, told: str) -> None:
    assert figures.reading(value) == told


@given(st.text())
def test_plain_text_keeps_its_length_and_holds_nothing_unseen(text: str) -> None:
    plain = figures.plain(text)
    assert len(plain) == len(text)
    assert all(letter.isprintable() or letter == "\n" for letter in plain)


def test_a_first_pass_of_the_replay_has_no_mark() -> None:
    assert figures.started_over(0) == ""
    assert figures.started_over(2) == "replay, started over 2×"
