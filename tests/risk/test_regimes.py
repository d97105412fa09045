"""Regimes: trend or range by the way made good, calm or stressed beside a market's own history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import REGIMES, Thresholds, classify
from risk.series import FloatArray

RULES = Thresholds(window=4, history=3, efficiency=0.5, calm=0.25, stressed=0.8)
LEAST = 17  # four windows of four moves, and the close before


def candles(moves: list[float], *, width: float = 0.0) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return highs, lows and closes from 100 on, that move by so many percent; the highs lie *width* off."""
    closes: FloatArray = np.array(100.0 * np.cumprod(1.0 + np.array([0.0, *moves]) / 100.0), dtype=np.float64)
    highs: FloatArray = np.multiply(closes, 1.0 + width, dtype=np.float64)
    lows: FloatArray = np.multiply(closes, 1.0 - width, dtype=np.float64)
    return highs, lows, closes


def told(moves: list[float], **changes: float) -> str:
    return classify(*candles(moves, **changes), thresholds=RULES)


def test_a_market_that_goes_one_way_trends_and_one_that_goes_to_and_fro_ranges() -> None:
    before = [1.0, -1.0] * 6
    assert told([*before, 1.0, 1.0, 1.0, 1.0]).startswith("trend_")
    assert told([*before, -1.0, -1.0, -1.0, -1.0]).startswith("trend_")
    assert told([*before, 1.0, -1.0, 1.0, -1.0]).startswith("range_")


def test_exactly_at_the_efficiency_it_trends() -> None:
    closes = np.array([100.0] * 13 + [101.0, 102.0, 103.0, 102.0])  # 2 of 4 made good
    assert classify(closes, closes, closes, thresholds=RULES).startswith("trend_")
    less = Thresholds(window=4, history=3, efficiency=np.nextafter(0.5, 1.0), calm=0.25, stressed=0.8)
    assert classify(closes, closes, closes, thresholds=less).startswith("range_")


def test_a_market_that_stands_still_ranges() -> None:
    assert told([0.0] * 16) == "range_normal"  # neither calmer nor wilder than ever


@pytest.mark.parametrize(
    ("last", "mood"), [([5.0, -5.0, 5.0, -5.0], "stressed"), ([0.1, -0.1, 0.1, -0.1], "calm")]
)
def test_wild_and_calm_are_meant_beside_its_own_history(last: list[float], mood: str) -> None:
    assert told([1.0, -1.0] * 8 + last) == f"range_{mood}"


def test_wide_candles_alone_make_stress() -> None:
    highs, lows, closes = candles([1.0, -1.0] * 10)
    highs[-3:] *= 1.2
    assert classify(highs, lows, closes, thresholds=RULES) == "range_stressed"


def test_one_candle_too_few_is_unknown() -> None:
    assert told([1.0, -1.0] * 8) != "unknown"
    assert told([1.0] * 15) == "unknown"
    assert len(candles([1.0] * 16)[0]) == LEAST


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0, -1.0])
@pytest.mark.parametrize("row", range(3))
def test_what_is_no_price_makes_it_unknown(row: int, bad: float) -> None:
    rows = candles([1.0, -1.0] * 10)
    rows[row][5] = bad
    assert classify(*rows, thresholds=RULES) == "unknown"


@pytest.mark.parametrize("rubbish", [None, [1.0] * 20, np.ones((20, 2)), np.ones(20, dtype=int), np.ones(19)])
def test_rubbish_is_unknown(rubbish: object) -> None:
    good = np.ones(20)
    assert classify(good, good, rubbish, thresholds=RULES) == "unknown"  # type: ignore[arg-type]


@given(st.lists(st.floats(-50.0, 50.0), max_size=40))
def test_whatever_moves_there_are_one_of_the_regimes_comes_of_it(moves: list[float]) -> None:
    assert told(moves) in REGIMES


@given(st.lists(st.floats(-20.0, 20.0), min_size=16, max_size=40))
def test_the_unit_of_the_price_does_not_matter(moves: list[float]) -> None:
    highs, lows, closes = candles(moves, width=0.01)
    scaled = classify(highs * 2.0**8, lows * 2.0**8, closes * 2.0**8, thresholds=RULES)
    assert scaled == classify(highs, lows, closes, thresholds=RULES)
