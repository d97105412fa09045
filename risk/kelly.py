"""What share of equity to stake, by Kelly: the share at which money grows fastest if the numbers are right.

A share below 0 says that the edge is on the other side; one above 1 asks for leverage. Nothing is cut
here: `risk.kelly_limits` does that.
"""

from math import log1p

import numpy as np

from risk.errors import OutOfRange, TooFewObservations
from risk.numbers import (
    describe,
    require_finite,
    require_fraction,
    require_inside,
    require_not_negative,
    require_positive,
)
from risk.returns import require_growth
from risk.series import FloatArray, dot, require_result, require_same_length, require_series

SIDES = ("YES", "NO")


def kelly_from_odds(probability: float, odds: float) -> float:
    """Return Kelly's share for a bet that wins *odds* times the stake or loses the stake: p - (1 - p) / b.

    probability  of winning, in [0, 1]
    odds         net winnings for each unit staked (b), above 0: 1 is even money
    result       fraction of equity, at most 1; 0 without an edge, below 0 for one against

    Raises:  NotFinite; OutOfRange.
    Source:  Kelly (1956), Bell System Technical Journal 35(4); Thorp (2006), The Kelly Criterion in
             Blackjack, Sports Betting and the Stock Market, Handbook of Asset and Liability Management.
    """
    p, b = require_fraction("probability", probability), require_positive("odds", odds)
    return require_result("Kelly's share", p - (1.0 - p) / b)


def kelly_from_metrics(win_rate: float, average_win: float, average_loss: float) -> float:
    """Return Kelly's share from a record's figures: W - (1 - W) / R with R = average win / average loss.

    win_rate                   share of the trades that won, in [0, 1]
    average_win, average_loss  of those that won and of those that lost, both above 0, in one unit
    result                     fraction of equity to risk, so that an average loss costs it

    Raises:  NotFinite; OutOfRange.
    Source:  Kelly (1956) with odds of R; Thorp (2006).
    """
    won, lost = require_positive("average_win", average_win), require_positive("average_loss", average_loss)
    ratio = require_result("The ratio of average win to average loss", won / lost)
    return kelly_from_odds(require_fraction("win_rate", win_rate), require_positive("The ratio", ratio))


def kelly_from_trades(profits: FloatArray) -> float:
    """Return Kelly's share from trades: `kelly_from_metrics` of those above and those below 0.

    profits  shape (trades,), money or fractions, below 0 for a loss; trades of exactly 0 are left out
    result   fraction of equity to risk, so that an average loss costs it

    Raises:  NotFinite; WrongShape; TooFewObservations without at least one win and one loss: a record
             that never lost says nothing of how much a loss costs.
    Source:  as of `kelly_from_metrics`.
    """
    profits = require_series("profits", profits)
    wins, losses = profits[profits > 0], profits[profits < 0]
    if not len(wins) or not len(losses):
        raise TooFewObservations(
            f"{len(wins)} wins and {len(losses)} losses: Kelly needs one of each at least."
        )
    with np.errstate(over="ignore"):
        won, lost = float(wins.mean()), -float(losses.mean())
    return kelly_from_metrics(len(wins) / (len(wins) + len(losses)), won, lost)


def kelly_from_outcomes(returns: FloatArray, probabilities: FloatArray | None = None) -> float:
    """Return the share that makes the mean logarithm of growth greatest over *returns*, exactly.

    returns        shape (outcomes,), fractions of the stake: 0.5 wins half of it, -1 loses it
    probabilities  shape (outcomes,), each in [0, 1], summing to 1; None makes all alike
    result         fraction of equity from 0 up: 0 if the mean is 0 or below; above 1 asks for leverage

    Raises:  NotFinite; WrongShape; TooFewObservations if nothing can be lost, since no share is enough
             then; OutOfRange.
    Source:  Kelly (1956); Breiman (1961), Fourth Berkeley Symposium 1; by bisection of the derivative.
    """
    returns = require_growth(returns)
    weights = _weights(returns, probabilities)
    returns, weights = returns[weights > 0], weights[weights > 0]
    if float(returns.min()) >= 0.0:
        raise TooFewObservations("No outcome loses, so that no share of equity is the best.")
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if require_result("The mean outcome", dot(weights, returns)) <= 0.0:
            return 0.0
        low, high = 0.0, require_result("The share that could lose all", -1.0 / float(returns.min()))
        while low < (middle := low + (high - low) / 2.0) < high:  # ends when no float lies between
            slope = dot(weights, returns / (1.0 + middle * returns))
            low, high = (middle, high) if slope > 0.0 else (low, middle)
    return low


def kelly_from_moments(mean: float, volatility: float, *, risk_free: float = 0.0) -> float:
    """Return Kelly's share for returns that are small and many: (mean - risk_free) / volatility squared.

    mean, volatility, risk_free  of one period, as fractions; the volatility above 0
    result                       fraction of equity; above 1 asks for leverage, below 0 for a short

    Raises:  NotFinite; OutOfRange.
    Source:  Merton (1969), Review of Economics and Statistics 51(3); Thorp (2006), section 7.
    """
    excess = require_finite("mean", mean) - require_finite("risk_free", risk_free)
    spread = require_positive("volatility", volatility)
    return require_result("Kelly's share", excess / spread / spread)


def kelly_binary(probability: float, price: float, *, side: str = "YES", fee: float = 0.0) -> float:
    """Return Kelly's share for a contract that pays 1 if an event happens and 0 if not.

    probability  of the event, as we see it, in [0, 1]
    price        of the YES contract, in (0, 1); a NO costs 1 - price
    side         YES or NO, the contract bought
    fee          for each contract, in its currency, 0 or more, paid on top of its price
    result       fraction of equity: (p - c) / (1 - c) for a contract that costs c and wins with p; below 0
                 if the side bought is the wrong one

    Raises:  NotFinite; OutOfRange, also if contract and fee cost 1 or more.
    Source:  Kelly (1956) with odds of (1 - c) / c; Thorp (2006).
    """
    p, cost = require_fraction("probability", probability), require_inside("price", price)
    if side not in SIDES:
        raise OutOfRange(f"side must be YES or NO, not {describe(side)}.")
    if side == "NO":
        p, cost = 1.0 - p, 1.0 - cost
    cost = require_inside("the price with the fee", cost + require_not_negative("fee", fee))
    return (p - cost) / (1.0 - cost)


def kelly_growth(probability: float, odds: float, share: float) -> float:
    """Return the mean logarithm of growth at a bet: p ln(1 + b f) + (1 - p) ln(1 - f).

    probability, odds  as of `kelly_from_odds`
    share              of equity staked (f), in [0, 1)
    result             a bet's; 0 at a share of 0, greatest at Kelly's, 0 again near twice that

    Raises:  NotFinite; OutOfRange.
    Source:  Kelly (1956); Thorp (2006), section 2.
    """
    p, b = require_fraction("probability", probability), require_positive("odds", odds)
    f = require_fraction("share", share)
    if f == 1.0:
        raise OutOfRange("share must be below 1: whoever stakes everything is ruined by one loss.")
    return require_result("The growth", p * log1p(b * f) + (1.0 - p) * log1p(-f))


def _weights(returns: FloatArray, probabilities: FloatArray | None) -> FloatArray:
    if probabilities is None:
        return np.full(len(returns), 1.0 / len(returns))
    weights = require_series("probabilities", probabilities)
    require_same_length("returns", returns, "probabilities", weights)
    if float(weights.min()) < 0.0 or abs(float(weights.sum()) - 1.0) > 1e-9:
        raise OutOfRange(
            f"probabilities must be 0 or more and sum to 1, not {describe(float(weights.sum()))}."
        )
    return weights
