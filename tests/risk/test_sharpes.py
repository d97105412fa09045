"""Belief in a Sharpe ratio: the authors' own figures, a simulation, and its laws."""

from math import sqrt
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import (
    NotFinite,
    OutOfRange,
    TooFewObservations,
    deflated_sharpe_ratio,
    excess_kurtosis,
    expected_best_sharpe,
    minimum_track_record,
    probabilistic_sharpe_ratio,
    probability_of_sharpe,
    sharpe_ratio,
    skewness,
)
from tests.risk.cases import INF, NAN

RETURNS = np.random.default_rng(2).normal(0.002, 0.01, 120)


def test_the_deflated_example_of_its_authors() -> None:
    # Bailey & López de Prado (2014): a yearly 2.5 over 1,250 days, 100 trials with a variance of 1/2 a year
    best = expected_best_sharpe(100, deviation=sqrt(0.5 / 250))
    assert best == pytest.approx(0.1132, abs=5e-5)
    chance = probability_of_sharpe(
        2.5 / sqrt(250), periods=1250, skewness=-3.0, excess_kurtosis=7.0, benchmark=best
    )
    assert chance == pytest.approx(0.9004, abs=5e-5)


def test_the_record_that_had_been_enough_had_fewer_been_tried() -> None:
    best = expected_best_sharpe(46, deviation=sqrt(0.5 / 250))  # the same paper: 46 trials had given 0.9505
    chance = probability_of_sharpe(
        2.5 / sqrt(250), periods=1250, skewness=-3.0, excess_kurtosis=7.0, benchmark=best
    )
    assert chance == pytest.approx(0.9505, abs=5e-4)


def test_a_track_record_of_normal_returns_has_its_published_length() -> None:
    # Bailey & López de Prado (2012): a yearly 2 against 1 in daily normal returns takes 2.73 years at 95 %
    gap, ratio = 1 / sqrt(252), 2 / sqrt(252)
    periods = 1 + (1 + 0.5 * ratio**2) * (NormalDist().inv_cdf(0.95) / gap) ** 2
    assert periods / 252 == pytest.approx(2.73, abs=0.01)
    chance = probability_of_sharpe(ratio, periods=round(periods), benchmark=gap)
    assert chance == pytest.approx(0.95, abs=1e-4)


@pytest.mark.parametrize("ddof", [0, 1])
def test_a_record_is_judged_by_its_own_figures(ddof: int) -> None:
    ratio = sharpe_ratio(RETURNS, ddof=ddof)
    lean, weight = skewness(RETURNS), excess_kurtosis(RETURNS)
    wanted = NormalDist().cdf(
        (ratio - 0.05) * sqrt(119) / sqrt(1 - lean * ratio + (weight + 3 - 1) / 4 * ratio**2)
    )
    assert probabilistic_sharpe_ratio(RETURNS, benchmark=0.05, ddof=ddof) == pytest.approx(wanted)
    assert probabilistic_sharpe_ratio(RETURNS, benchmark=ratio, ddof=ddof) == pytest.approx(0.5)
    least = minimum_track_record(RETURNS, benchmark=0.05, confidence=wanted, ddof=ddof)
    assert least == pytest.approx(120)


def test_among_one_there_is_no_best_and_deflation_is_belief_above_nothing() -> None:
    assert expected_best_sharpe(1, deviation=0.5) == 0.0
    one = deflated_sharpe_ratio(RETURNS, trials=1, deviation=0.5)
    assert one == probabilistic_sharpe_ratio(RETURNS)
    assert deflated_sharpe_ratio(RETURNS, trials=50, deviation=0.1) < one
    assert deflated_sharpe_ratio(RETURNS, trials=50, deviation=0.0) == one


@pytest.mark.parametrize("trials", [10, 100, 1000])
def test_the_best_of_many_without_skill_is_about_what_simulation_finds(trials: int) -> None:
    drawn = np.random.default_rng(1).normal(0, 0.2, (4000, trials)).max(axis=1)
    assert expected_best_sharpe(trials, deviation=0.2) == pytest.approx(drawn.mean(), rel=0.03)


@given(
    sharpe=st.floats(-0.5, 0.5),
    periods=st.integers(2, 2000),
    lean=st.floats(-1, 1),
    weight=st.floats(0, 10),
    benchmark=st.floats(-0.5, 0.5),
)
def test_belief_is_a_chance_that_more_periods_make_surer(
    sharpe: float, periods: int, lean: float, weight: float, benchmark: float
) -> None:
    shape = {"skewness": lean, "excess_kurtosis": weight, "benchmark": benchmark}
    now = probability_of_sharpe(sharpe, periods=periods, **shape)
    later = probability_of_sharpe(sharpe, periods=periods * 2, **shape)
    assert 0 <= now <= 1
    assert (later >= now) if sharpe >= benchmark else (later <= now)


@given(few=st.integers(1, 1000), more=st.integers(1, 1000), deviation=st.floats(0, 2))
def test_more_trials_never_make_the_best_expected_less(few: int, more: int, deviation: float) -> None:
    few, more = sorted((few, more))
    low, high = (expected_best_sharpe(trials, deviation=deviation) for trials in (few, more))
    assert 0 <= low <= high + 1e-12


def test_no_record_is_long_enough_for_a_ratio_below_its_benchmark() -> None:
    with pytest.raises(OutOfRange, match=r"^The Sharpe ratio .+ is not above 5\.$"):
        minimum_track_record(RETURNS, benchmark=5.0)
    with pytest.raises(OutOfRange, match="is not above"):
        minimum_track_record(RETURNS, benchmark=sharpe_ratio(RETURNS))


def test_what_has_no_meaning_is_an_error() -> None:
    with pytest.raises(OutOfRange, match=r"^No returns have a skewness of 3, an excess kurtosis of -2"):
        probability_of_sharpe(1.0, periods=10, skewness=3.0, excess_kurtosis=-2.0)
    with pytest.raises(NotFinite, match=r"^The variance of the Sharpe ratio leaves the floats\.$"):
        probability_of_sharpe(1e200, periods=10)
    with pytest.raises(OutOfRange, match=r"^periods must be a whole number of at least 2, not 1\.$"):
        probability_of_sharpe(0.1, periods=1)
    with pytest.raises(OutOfRange, match=r"^trials must be a whole number of at least 1, not 0\.$"):
        expected_best_sharpe(0, deviation=0.1)
    with pytest.raises(OutOfRange, match=r"^deviation must be 0 or more, not -0\.1\.$"):
        expected_best_sharpe(2, deviation=-0.1)
    with pytest.raises(TooFewObservations):
        probabilistic_sharpe_ratio(RETURNS[:3])
    with pytest.raises(NotFinite, match=r"^returns are all the same"):
        probabilistic_sharpe_ratio(np.full(9, 0.1))


@pytest.mark.parametrize("value", [NAN, INF, True])
@pytest.mark.parametrize("name", ["sharpe", "skewness", "excess_kurtosis", "benchmark"])
def test_figures_that_are_not_finite_are_errors_that_name_them(name: str, value: float) -> None:
    figures = {"sharpe": 0.1, "skewness": 0.0, "excess_kurtosis": 0.0, "benchmark": 0.0} | {name: value}
    with pytest.raises(NotFinite, match=f"^{name} must be a finite number"):
        probability_of_sharpe(figures.pop("sharpe"), periods=10, **figures)
