"""How good forecasts were: probabilities against what happened."""

import numpy as np

from risk.correlations import ranks
from risk.errors import OutOfRange, TooFewObservations
from risk.numbers import describe, require_count
from risk.series import FloatArray, dot, require_same_length, require_series

SURE = float(np.finfo(np.float64).eps)


def brier_score(outcomes: FloatArray, probabilities: FloatArray) -> float:
    """Return the mean squared distance of forecasts from what happened.

    outcomes       shape (forecasts,), 1 where the event happened and 0 where not
    probabilities  shape (forecasts,), in [0, 1]
    result         in [0, 1]; 0 is perfect, 0.25 is what saying a half always gets

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Brier (1950), Monthly Weather Review 78(1), for two outcomes and divided by two.
    """
    happened, forecast = _fit(outcomes, probabilities)
    apart = forecast - happened
    return dot(apart, apart) / len(apart)


def log_loss(outcomes: FloatArray, probabilities: FloatArray) -> float:
    """Return the mean negative logarithm of the probability given to what happened.

    outcomes, probabilities  as of `brier_score`; a certainty counts as the float's rounding away from one,
                             so that being surely wrong costs 36, not everything
    result                   nats, 0 or more; ln 2 is what saying a half always gets

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Good (1952), J. Royal Statistical Society B 14(1).
    """
    happened, forecast = _fit(outcomes, probabilities)
    given = np.where(happened == 1.0, forecast, 1.0 - forecast)
    return 0.0 - float(np.log(np.clip(given, SURE, 1.0 - SURE)).mean())


def calibration_curve(
    outcomes: FloatArray, probabilities: FloatArray, *, bins: int = 10
) -> tuple[FloatArray, FloatArray]:
    """Return how often the event happened, and the mean forecast, for forecasts that were alike.

    outcomes, probabilities  as of `brier_score`
    bins                     of equal width from 0 to 1; one on an edge between two belongs to the lower
    result                   two arrays of shape (bins that hold any,), shares of outcomes and mean forecasts

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Murphy & Winkler (1977), Applied Statistics 26(1); the edges are scikit-learn's.
    """
    happened, forecast = _fit(outcomes, probabilities)
    bins = require_count("bins", bins)
    places = np.searchsorted(np.linspace(0.0, 1.0, bins + 1)[1:-1], forecast)
    counts = np.bincount(places, minlength=bins)
    held = counts > 0
    shares = np.bincount(places, weights=happened, minlength=bins)[held] / counts[held]
    means = np.bincount(places, weights=forecast, minlength=bins)[held] / counts[held]
    return shares, means


def area_under_curve(outcomes: FloatArray, scores: FloatArray) -> float:
    """Return the chance that what happened was ranked above what did not (ROC AUC).

    outcomes  shape (forecasts,), 1 or 0, at least one of each
    scores    shape (forecasts,), higher where the event was thought more likely; any unit
    result    in [0, 1]; 0.5 is no skill; a tie counts as half

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Hanley & McNeil (1982), Radiology 143(1), by Mann and Whitney's statistic.
    """
    happened, order = _outcomes(outcomes), ranks(scores)
    require_same_length("outcomes", happened, "scores", order)
    ones = int(happened.sum())
    zeros = len(happened) - ones
    if not ones or not zeros:
        raise TooFewObservations(f"There are {ones} events and {zeros} others: one of each is needed.")
    above = float(order[happened == 1.0].sum()) - ones * (ones + 1) / 2.0
    return above / (ones * zeros)


def _fit(outcomes: FloatArray, probabilities: FloatArray) -> tuple[FloatArray, FloatArray]:
    happened, forecast = _outcomes(outcomes), require_series("probabilities", probabilities)
    require_same_length("outcomes", happened, "probabilities", forecast)
    low, high = float(forecast.min()), float(forecast.max())
    if low < 0.0 or high > 1.0:
        raise OutOfRange(f"probabilities must be from 0 to 1, not {describe(low if low < 0 else high)}.")
    return happened, forecast


def _outcomes(outcomes: FloatArray) -> FloatArray:
    happened = require_series("outcomes", outcomes)
    odd = happened[(happened != 0.0) & (happened != 1.0)]
    if len(odd):
        raise OutOfRange(f"outcomes must be 0 or 1, not {describe(float(odd[0]))}.")
    return happened
