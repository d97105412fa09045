"""Return for the risk taken."""

from math import sqrt

import numpy as np

from risk.deviations import downside_deviation, downside_potential, upside_potential
from risk.drawdowns import max_drawdown
from risk.errors import NotFinite
from risk.moments import standard_deviation
from risk.numbers import require_count, require_finite, require_positive
from risk.returns import annual_return
from risk.series import FloatArray, mean_of, require_result, require_series


def sharpe_ratio(
    returns: FloatArray, *, risk_free: float = 0.0, periods_per_year: float = 1.0, ddof: int = 1
) -> float:
    """Return the mean return above the risk-free rate over its deviation.

    returns           shape (periods,), simple returns as fractions; at least 2, not all the same
    risk_free         fraction a period
    periods_per_year  1 leaves the ratio a period's; 252 makes a day's a year's, with its square root
    ddof              of the deviation: 1 for the sample's, 0 for the population's
    result            pure number

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Sharpe (1994), J. Portfolio Management 21(1).
    """
    returns, ddof = require_series("returns", returns, least=2), require_count("ddof", ddof, least=0)
    scale = sqrt(require_positive("periods_per_year", periods_per_year))
    deviation = standard_deviation("returns", returns, ddof)
    mean = mean_of("returns", returns) - require_finite("risk_free", risk_free)
    return _over("The Sharpe ratio", mean * scale, deviation)


def sortino_ratio(returns: FloatArray, *, target: float = 0.0, periods_per_year: float = 1.0) -> float:
    """Return the mean return above *target* over its downside deviation.

    returns           shape (periods,), simple returns as fractions; at least one below the target
    target            fraction a period
    periods_per_year  1 leaves the ratio a period's; 252 makes a day's a year's, with its square root
    result            pure number

    Raises:  NotFinite, also where nothing is below the target; WrongShape; TooFewObservations; OutOfRange.
    Source:  Sortino & Price (1994), J. Investing 3(3); the deviation is divided by all periods.
    """
    scale = sqrt(require_positive("periods_per_year", periods_per_year))
    short = downside_deviation(returns, target=target)
    mean = mean_of("returns", require_series("returns", returns)) - target
    return _over("The Sortino ratio", mean * scale, short)


def calmar_ratio(returns: FloatArray, *, periods_per_year: float) -> float:
    """Return the yearly compounded return over the deepest drawdown.

    returns           shape (periods,), simple returns as fractions, none below -1, with a fall among them
    periods_per_year  above 0
    result            pure number

    Raises:  NotFinite, also where equity never fell; WrongShape; TooFewObservations; OutOfRange.
    Source:  Young (1991), Futures 20(1); over the whole series, where he had three years.
    """
    rate = annual_return(returns, periods_per_year=periods_per_year)
    return _over("The Calmar ratio", rate, max_drawdown(returns))


def omega_ratio(returns: FloatArray, *, target: float = 0.0) -> float:
    """Return what is above *target* over what is below it; at a target of 0 Bernardo and Ledoit's ratio.

    returns  shape (periods,), fractions; at least one below the target
    target   fraction a period
    result   0 or more, 1 where the mean is the target; less 1 it is the Omega-Sharpe ratio

    Raises:  NotFinite, also where nothing is below the target; WrongShape; TooFewObservations.
    Source:  Keating & Shadwick (2002), J. Performance Measurement 6(3).
    """
    above = upside_potential(returns, target=target)
    return _over("The Omega ratio", above, downside_potential(returns, target=target))


def profit_factor(profits: FloatArray) -> float:
    """Return what the winning trades made over what the losing ones lost: Omega at 0, of money or fractions.

    Raises:  NotFinite, also where nothing was lost; WrongShape; TooFewObservations.
    """
    return omega_ratio(profits)


def win_rate(profits: FloatArray) -> float:
    """Return the share of the trades that made more than 0, in [0, 1].

    profits  shape (trades,), money or fractions

    Raises:  NotFinite; WrongShape; TooFewObservations.
    """
    profits = require_series("profits", profits)
    return float(np.count_nonzero(profits > 0)) / len(profits)


def _over(name: str, above: float, below: float) -> float:
    if below == 0.0:
        raise NotFinite(f"{name} has no risk to be divided by: nothing in the returns varies or falls.")
    return require_result(name, above / below)
