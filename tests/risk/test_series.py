"""No formula answers with a number where its arrays are unfit: every one of them, every kind of unfit."""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

import risk
from risk import FloatArray, NotFinite, RiskError, TooFewObservations, WrongShape
from risk.series import dot, is_constant, mean_of, require_matrix, require_result, require_series, total_of
from tests.risk.calls import loosely
from tests.risk.cases import INF, NAN

GOOD = np.random.default_rng(7).normal(0.008, 0.02, 60)
MANY = np.random.default_rng(8).normal(0.001, 0.02, (60, 3))
WEIGHTS = np.array([0.5, 0.3, 0.2])


def generator() -> np.random.Generator:
    return np.random.default_rng(1)


OF_RETURNS: dict[str, Callable[[FloatArray], object]] = {
    "value_at_risk": risk.value_at_risk,
    "expected_shortfall": risk.expected_shortfall,
    "parametric_value_at_risk": risk.parametric_value_at_risk,
    "parametric_expected_shortfall": risk.parametric_expected_shortfall,
    "cornish_fisher_value_at_risk": risk.cornish_fisher_value_at_risk,
    "cornish_fisher_expected_shortfall": risk.cornish_fisher_expected_shortfall,
    "monte_carlo_value_at_risk": lambda v: risk.monte_carlo_value_at_risk(v, generator=generator()),
    "monte_carlo_expected_shortfall": lambda v: risk.monte_carlo_expected_shortfall(v, generator=generator()),
    "volatility": risk.volatility,
    "close_to_close_volatility": lambda v: risk.close_to_close_volatility(np.asarray(v) + 1),
    "ewma_volatility": risk.ewma_volatility,
    "skewness": risk.skewness,
    "excess_kurtosis": risk.excess_kurtosis,
    "downside_deviation": risk.downside_deviation,
    "semideviation": risk.semideviation,
    "upside_risk": risk.upside_risk,
    "upside_potential": risk.upside_potential,
    "downside_potential": risk.downside_potential,
    "downside_frequency": risk.downside_frequency,
    "mean_absolute_deviation": risk.mean_absolute_deviation,
    "max_drawdown": risk.max_drawdown,
    "drawdown_series": risk.drawdown_series,
    "worst_drawdown": risk.worst_drawdown,
    "worst_equity_drawdown": lambda v: risk.worst_equity_drawdown(np.asarray(v) + 1),
    "equity_drawdowns": lambda v: risk.equity_drawdowns(np.asarray(v) + 1),
    "pain_index": risk.pain_index,
    "ulcer_index": risk.ulcer_index,
    "herfindahl": risk.herfindahl,
    "diversification": risk.diversification,
    "effective_positions": risk.effective_positions,
    "largest_share": risk.largest_share,
    "correlation": lambda v: risk.correlation(v, GOOD),
    "simple_returns": lambda v: risk.simple_returns(np.asarray(v) + 1),
    "log_returns": lambda v: risk.log_returns(np.asarray(v) + 1),
    "total_return": risk.total_return,
    "annual_return": partial(risk.annual_return, periods_per_year=252),
    "kelly_from_trades": risk.kelly_from_trades,
    "kelly_from_outcomes": risk.kelly_from_outcomes,
    "sharpe_ratio": risk.sharpe_ratio,
    "sortino_ratio": risk.sortino_ratio,
    "calmar_ratio": partial(risk.calmar_ratio, periods_per_year=252),
    "omega_ratio": risk.omega_ratio,
    "profit_factor": risk.profit_factor,
    "win_rate": risk.win_rate,
    "probabilistic_sharpe_ratio": risk.probabilistic_sharpe_ratio,
    "minimum_track_record": risk.minimum_track_record,
    "deflated_sharpe_ratio": partial(risk.deflated_sharpe_ratio, trials=3, deviation=0.1),
    "resample": lambda v: risk.resample(v, generator=generator(), paths=9),
    "interval": risk.interval,
    "chance_of_luck": lambda v: risk.chance_of_luck(v, generator=generator(), paths=9),
    "try_strategy": lambda v: risk.try_strategy(v, generator=generator(), paths=9),
    "simulate_returns": lambda v: risk.simulate_returns(v, generator=generator(), draws=9),
}
MAY_BE_EMPTY: dict[str, Callable[[FloatArray], object]] = {
    "gross_exposure": risk.gross_exposure,
    "net_exposure": risk.net_exposure,
    "leverage": partial(risk.leverage, equity=1.0),
}
OF_MATRICES: dict[str, Callable[[FloatArray], object]] = {
    "portfolio_returns": partial(risk.portfolio_returns, weights=WEIGHTS),
    "correlation_matrix": risk.correlation_matrix,
    "average_correlation": risk.average_correlation,
    "covariance_matrix": risk.covariance_matrix,
    "volatility_contributions": partial(risk.volatility_contributions, weights=WEIGHTS),
    "shortfall_contributions": partial(risk.shortfall_contributions, weights=WEIGHTS),
    "diversification_ratio": partial(risk.diversification_ratio, weights=WEIGHTS),
}
ADDS_ONE = {
    "close_to_close_volatility",
    "simple_returns",
    "log_returns",
    "worst_equity_drawdown",
    "equity_drawdowns",
}


def spoilt(good: FloatArray) -> Iterator[tuple[str, type[RiskError], object]]:
    """Yield unfit arrays that differ from the good one in one thing, and the error each must be."""
    for value in (NAN, INF, -INF):
        for place in (0, len(good) // 2, -1):
            array = good.copy()
            array[place] = value
            yield f"{value} at {place}", NotFinite, array
    yield "a number too many dimensions", WrongShape, good[..., np.newaxis, np.newaxis]
    yield "a single number", WrongShape, np.float64(0.01)
    yield "complex numbers", NotFinite, good + 0j
    yield "truths", NotFinite, good > 0
    yield "words", NotFinite, good.astype(str)


@pytest.mark.parametrize("name", OF_RETURNS | MAY_BE_EMPTY)
def test_no_formula_of_a_series_answers_for_an_unfit_one(name: str) -> None:
    measure = (OF_RETURNS | MAY_BE_EMPTY)[name]
    measure(GOOD)
    for case, error, values in spoilt(GOOD):
        if case in ("truths", "complex numbers", "words") and name in ADDS_ONE:
            continue  # the test's own + 1 makes numbers of them
        if name == "interval" and "inf" in case:
            continue  # figures may be endless, as long as no bound is: see test_resamples
        with pytest.raises(error):
            loosely(measure, values)


@pytest.mark.parametrize("name", OF_RETURNS)
def test_no_formula_of_a_series_answers_for_an_empty_one(name: str) -> None:
    with pytest.raises((TooFewObservations, WrongShape)):
        OF_RETURNS[name](np.empty(0))


@pytest.mark.parametrize("name", OF_MATRICES)
def test_no_formula_of_a_matrix_answers_for_an_unfit_one(name: str) -> None:
    measure = OF_MATRICES[name]
    measure(MANY)
    for _, error, values in spoilt(MANY):
        with pytest.raises(error):
            loosely(measure, values)
    with pytest.raises(TooFewObservations):
        measure(np.empty((0, 3)))
    with pytest.raises(WrongShape):
        measure(MANY[:, 0])
    with pytest.raises(WrongShape):
        measure(np.empty((60, 0)))


@pytest.mark.parametrize(
    "name", [name for name in OF_MATRICES if name not in ("correlation_matrix", "covariance_matrix")]
)
def test_weights_must_fit_the_assets(name: str) -> None:
    measure = getattr(risk, name)
    with pytest.raises(WrongShape):
        measure(MANY, np.array([0.5, 0.5]))
    with pytest.raises(NotFinite):
        measure(MANY, np.array([0.5, 0.5, NAN]))
    with pytest.raises(WrongShape):
        measure(MANY, np.ones((3, 1)))


@pytest.mark.parametrize("largest", [1e300, np.finfo(np.float64).max])
@pytest.mark.parametrize("name", OF_RETURNS | MAY_BE_EMPTY)
def test_numbers_near_the_end_of_the_floats_give_a_finite_answer_or_an_error(
    name: str, largest: float
) -> None:
    values = GOOD.copy()
    values[3:7] = largest
    try:
        answer = (OF_RETURNS | MAY_BE_EMPTY)[name](values)
    except RiskError:
        return
    if isinstance(answer, float | np.ndarray):
        assert np.isfinite(answer).all()


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ([0.1, True], NotFinite),
        ([[0.1], [False]], NotFinite),
        ([0.1, None], NotFinite),
        ([0.1, "0.2"], NotFinite),
        ([0.1, 10**400], NotFinite),
        ([[0.1, 0.2], [0.3]], WrongShape),
        (None, NotFinite),
        (True, NotFinite),
        ("0.1", NotFinite),
        (np.array([0.1, np.longdouble("1e4000")]), NotFinite),
        (0.1, WrongShape),
        ([], TooFewObservations),
    ],
)
def test_what_is_no_series_of_numbers_is_an_error(values: object, error: type[RiskError]) -> None:
    with pytest.raises(error, match=r"^returns "):
        require_series("returns", values)


def test_lists_and_whole_numbers_become_floats_and_floats_stay_what_they_are() -> None:
    assert require_series("returns", [1, 2]).dtype == np.float64
    assert require_series("returns", np.array([1, 2], dtype=np.int8)).tolist() == [1.0, 2.0]
    assert require_series("returns", (0.5,)).tolist() == [0.5]
    same = np.array([0.5])
    assert require_series("returns", same) is same
    assert require_matrix("returns", [[1], [2]]).shape == (2, 1)


def test_errors_name_the_array_the_value_and_the_place() -> None:
    with pytest.raises(NotFinite, match=r"^returns must hold finite numbers, not nan at 1\.$"):
        require_series("returns", np.array([0.0, NAN, INF]))
    with pytest.raises(NotFinite, match=r"^returns must hold finite numbers, not -inf at 1, 0\.$"):
        require_matrix("returns", np.array([[0.0, 1.0], [-INF, 1.0]]))
    with pytest.raises(TooFewObservations, match=r"^returns must hold at least 3 numbers, not 2\.$"):
        require_series("returns", np.zeros(2), least=3)
    with pytest.raises(TooFewObservations, match=r"^returns must hold at least 3 rows, not 2\.$"):
        require_matrix("returns", np.zeros((2, 2)), least=3)
    with pytest.raises(WrongShape, match=r"^returns must have 1 dimension, not 2\.$"):
        require_series("returns", np.zeros((2, 2)))
    with pytest.raises(WrongShape, match=r"and a column, not the shape \(2,\)\.$"):
        require_matrix("returns", np.zeros(2))


@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_result_that_is_not_finite_is_an_error(value: float) -> None:
    with pytest.raises(NotFinite, match=r"^The answer is "):
        require_result("The answer", value)
    assert require_result("The answer", np.float64(-1.5)) == -1.5


@pytest.mark.parametrize("length", [1, 100, 8192, 8193, 20_000])
def test_sums_are_the_same_short_and_long(length: int) -> None:
    values = np.random.default_rng(length).integers(-1000, 1000, length) / 8.0
    assert total_of(values) == sum(values.tolist())
    assert dot(values, values[::-1].copy()) == sum(
        a * b for a, b in zip(values.tolist(), values[::-1].tolist(), strict=True)
    )
    assert require_series("values", values) is values
    values[length // 2] = NAN
    with pytest.raises(NotFinite, match=r"not nan at"):
        require_series("values", values)


@pytest.mark.parametrize("length", [3, 8192, 8193])
def test_sums_that_leave_the_floats_do_so_without_a_warning(length: int) -> None:
    assert total_of(np.full(length, 1.7e308)) == INF
    with pytest.raises(NotFinite, match=r"^The mean of returns is inf"):
        mean_of("returns", np.full(length, 1.7e308))


def test_equal_numbers_are_constant_whatever_their_rounding() -> None:
    assert is_constant(np.array([0.1 + 0.2, 0.3]))
    assert is_constant(np.full(9, 1e300))
    assert not is_constant(np.array([0.3, 0.3000001]))
    assert not is_constant(np.array([1e300, -1e300]))
    prices = np.array([1.01**day for day in range(50)])
    assert is_constant(risk.simple_returns(prices))  # one per cent each time, but for the rounding
