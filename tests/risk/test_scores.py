"""Scores of forecasts against counting, published examples, and their laws."""

from itertools import pairwise
from math import log

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    TooFewObservations,
    WrongShape,
    area_under_curve,
    brier_score,
    calibration_curve,
    log_loss,
)
from tests.risk.cases import NAN

forecasts = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 20).map(lambda value: value / 20)), min_size=1, max_size=40
).map(lambda rows: tuple(np.array(column, dtype=float) for column in zip(*rows, strict=True)))


@given(drawn=forecasts)
def test_scores_are_the_sums_written_out(drawn: tuple[FloatArray, FloatArray]) -> None:
    happened, forecast = drawn
    pairs = list(zip(happened.tolist(), forecast.tolist(), strict=True))
    assert brier_score(happened, forecast) == pytest.approx(sum((p - y) ** 2 for y, p in pairs) / len(pairs))
    given_chance = [min(max(p if y else 1 - p, 2.0**-52), 1 - 2.0**-52) for y, p in pairs]
    wanted = -sum(log(chance) for chance in given_chance) / len(pairs)
    assert log_loss(happened, forecast) == pytest.approx(wanted, abs=1e-12)
    assert 0 <= brier_score(happened, forecast) <= 1
    assert log_loss(happened, forecast) >= 0


@given(drawn=forecasts, bins=st.integers(1, 12))
def test_each_forecast_counts_in_one_bin(drawn: tuple[FloatArray, FloatArray], bins: int) -> None:
    happened, forecast = drawn
    edges = np.linspace(0, 1, bins + 1)
    wanted = []
    for low, high in pairwise(edges):
        held = (forecast > low) & (forecast <= high) if low > 0 else forecast <= high
        if held.any():
            wanted.append((happened[held].mean(), forecast[held].mean()))
    shares, means = calibration_curve(happened, forecast, bins=bins)
    assert shares.tolist() == pytest.approx([share for share, _ in wanted])
    assert means.tolist() == pytest.approx([mean for _, mean in wanted])


@given(drawn=forecasts, seed=st.integers(0, 99))
def test_the_area_is_how_often_what_happened_was_ranked_above(
    drawn: tuple[FloatArray, FloatArray], seed: int
) -> None:
    happened, forecast = drawn
    ones, zeros = forecast[happened == 1], forecast[happened == 0]
    assume(len(ones))
    assume(len(zeros))
    won = sum((one > zero) + 0.5 * (one == zero) for one in ones for zero in zeros)
    found = area_under_curve(happened, forecast)
    assert found == pytest.approx(won / (len(ones) * len(zeros)))
    assert area_under_curve(happened, np.exp(forecast * 3)) == pytest.approx(found)
    assert area_under_curve(1 - happened, forecast) == pytest.approx(1 - found)
    order = np.random.default_rng(seed).permutation(len(happened))
    assert area_under_curve(happened[order], forecast[order]) == pytest.approx(found)


@given(share=st.floats(0, 1), claimed=st.floats(0, 1))
def test_honesty_pays_in_the_long_run(share: float, claimed: float) -> None:
    happened = np.array([1.0] * 50 + [0.0] * 50)
    honest = brier_score(happened, np.full(100, 0.5))
    assert honest == 0.25
    assert brier_score(happened, np.full(100, claimed)) >= honest
    assert log_loss(happened, np.full(100, share)) >= log_loss(happened, np.full(100, 0.5)) - 1e-12


def test_being_surely_wrong_costs_much_and_not_everything() -> None:
    assert log_loss(np.array([0.0]), np.array([1.0])) == pytest.approx(36.04, abs=0.01)
    assert log_loss(np.array([1.0]), np.array([1.0])) == pytest.approx(0.0, abs=1e-15)


def test_forecasts_that_cannot_be_are_errors() -> None:
    happened, forecast = np.array([0.0, 1.0]), np.array([0.2, 0.7])
    for measure in (brier_score, log_loss, calibration_curve):
        with pytest.raises(OutOfRange, match=r"^probabilities must be from 0 to 1, not 1\.1\.$"):
            measure(happened, np.array([0.2, 1.1]))
        with pytest.raises(OutOfRange, match=r"^probabilities must be from 0 to 1, not -0\.1\.$"):
            measure(happened, np.array([-0.1, 0.7]))
    for anything in (brier_score, log_loss, calibration_curve, area_under_curve):
        with pytest.raises(OutOfRange, match=r"^outcomes must be 0 or 1, not 0\.5\.$"):
            anything(np.array([0.0, 0.5]), forecast)
        with pytest.raises(WrongShape, match=r"^outcomes holds 2 and "):
            anything(happened, forecast[:1])
        with pytest.raises(TooFewObservations):
            anything(np.empty(0), np.empty(0))
        with pytest.raises(NotFinite):
            anything(happened, np.array([0.2, NAN]))
        with pytest.raises(NotFinite):
            anything(np.array([NAN, 1.0]), forecast)
    with pytest.raises(OutOfRange, match=r"^bins must be a whole number of at least 1, not 0\.$"):
        calibration_curve(happened, forecast, bins=0)
    for one_kind in (np.zeros(2), np.ones(2)):
        with pytest.raises(TooFewObservations, match=r"^There are \d events and \d others: one of each"):
            area_under_curve(one_kind, forecast)
