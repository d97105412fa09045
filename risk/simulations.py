"""Loss in the bad days, by drawing many of them: Monte Carlo from a normal fit or from history."""

import numpy as np

from risk.errors import OutOfRange
from risk.losses import expected_shortfall, value_at_risk
from risk.moments import standard_deviation
from risk.numbers import describe, require_count
from risk.returns import require_growth
from risk.series import FloatArray, mean_of, require_series

MODELS = ("normal", "history")
DRAWS_AT_ONCE = 1_000_000  # 8 MB of draws; the rest waits its turn


def simulate_returns(
    returns: FloatArray,
    *,
    generator: np.random.Generator,
    draws: int = 10_000,
    horizon_periods: int = 1,
    model: str = "normal",
) -> FloatArray:
    """Return *draws* returns over the horizon, each compounded from independent periods.

    returns          shape (periods,), at least 2, simple returns as fractions, none below -1
    generator        where the chance comes from; the same seed gives the same draws
    horizon_periods  periods in each draw
    model            normal: periods from a normal distribution with the mean and sample deviation of the
                     returns, a period that loses more than everything counting as -1;
                     history: periods from the returns themselves, with replacement
    result           shape (draws,), fractions from -1 up

    Raises:  NotFinite, also if compounding leaves the floats; WrongShape; TooFewObservations; OutOfRange.
    Source:  Glasserman (2003), Monte Carlo Methods in Financial Engineering, ch. 9; Efron (1979).
    """
    returns = require_growth(returns, least=2)
    draws, periods = require_count("draws", draws), require_count("horizon_periods", horizon_periods)
    if model not in MODELS:
        raise OutOfRange(f"model must be normal or history, not {describe(model)}.")
    mean, deviation = mean_of("returns", returns), standard_deviation("returns", returns)
    result = np.empty(draws)
    step = max(1, DRAWS_AT_ONCE // periods)
    for start in range(0, draws, step):
        shape = (periods, min(step, draws - start))
        if model == "normal":
            drawn = np.maximum(generator.normal(mean, deviation, shape), -1.0)
        else:
            drawn = returns[generator.integers(0, len(returns), shape)]
        with np.errstate(over="ignore", invalid="ignore"):
            result[start : start + step] = np.multiply.reduce(1.0 + drawn, axis=0) - 1.0
    return require_series("The simulated returns", result)


def monte_carlo_value_at_risk(
    returns: FloatArray,
    *,
    generator: np.random.Generator,
    level: float = 0.95,
    draws: int = 10_000,
    horizon_periods: int = 1,
    model: str = "normal",
) -> float:
    """Return the value at risk of simulated returns over the horizon.

    The arguments are those of `simulate_returns`; level in (0, 1).
    result  fraction of equity, positive for a loss, at most 1; its own error shrinks with sqrt(draws)

    Raises:  as `simulate_returns` and `value_at_risk`; TooFewObservations below 2 draws.
    Source:  Jorion (2006), Value at Risk, 3rd ed., ch. 12.
    """
    drawn = simulate_returns(
        returns, generator=generator, draws=draws, horizon_periods=horizon_periods, model=model
    )
    return value_at_risk(drawn, level=level)


def monte_carlo_expected_shortfall(
    returns: FloatArray,
    *,
    generator: np.random.Generator,
    level: float = 0.95,
    draws: int = 10_000,
    horizon_periods: int = 1,
    model: str = "normal",
) -> float:
    """Return the expected shortfall of simulated returns over the horizon.

    The arguments are those of `monte_carlo_value_at_risk`; with the same seed never below it.

    Raises:  as `simulate_returns` and `expected_shortfall`.
    Source:  as of `monte_carlo_value_at_risk`.
    """
    drawn = simulate_returns(
        returns, generator=generator, draws=draws, horizon_periods=horizon_periods, model=model
    )
    return expected_shortfall(drawn, level=level)
