"""Whether a strategy's record is good enough: luck told from skill, and a verdict with its reasons."""

from dataclasses import dataclass

import numpy as np

from risk.numbers import require_count, require_finite, require_inside
from risk.ratios import sharpe_ratio
from risk.resamples import Interval, draw_paths, interval, path_sharpes, resample, risk_of_ruin
from risk.returns import require_growth
from risk.series import FloatArray, mean_of, require_series


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a record must show; each bound is read at the unlucky end of its interval.

    level               of the intervals, in (0, 1)
    least_trades        a whole number
    least_sharpe        of one trade, at the low end
    least_return        of the whole path as a fraction, at the low end
    least_win_rate      in [0, 1], at the low end
    most_drawdown       fraction of the peak, at the high end
    ruin                share of equity that counts as ruin when lost
    most_risk_of_ruin   in [0, 1]
    most_chance_of_luck  in [0, 1]
    """

    level: float = 0.95
    least_trades: int = 30
    least_sharpe: float = 0.0
    least_return: float = 0.0
    least_win_rate: float = 0.0
    most_drawdown: float = 0.30
    ruin: float = 0.50
    most_risk_of_ruin: float = 0.01
    most_chance_of_luck: float = 0.05


@dataclass(frozen=True, slots=True)
class Mark:
    """One criterion: what was found, what was asked, and whether that is enough, in a sentence."""

    name: str
    is_passed: bool
    value: float
    limit: float
    reason: str


@dataclass(frozen=True, slots=True)
class Trial:
    """The verdict on a record: passed if every mark is.

    sharpe, total_return, max_drawdown, win_rate   intervals over the paths, as of `Resample`
    risk_of_ruin, chance_of_luck                   in [0, 1]
    """

    trades: int
    paths: int
    sharpe: Interval
    total_return: Interval
    max_drawdown: Interval
    win_rate: Interval
    risk_of_ruin: float
    chance_of_luck: float
    marks: tuple[Mark, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every criterion is met."""
        return all(mark.is_passed for mark in self.marks)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it failed, a sentence for each criterion that is not met; empty if it passed."""
        return tuple(mark.reason for mark in self.marks if not mark.is_passed)


def chance_of_luck(
    returns: FloatArray, *, generator: np.random.Generator, paths: int = 10_000, block: int = 1
) -> float:
    """Return how often a strategy without skill would show a Sharpe ratio like this one or a better one.

    returns    shape (trades,), at least 2, not all the same
    generator, paths, block   as of `resample`
    result     in (0, 1]: near 0 luck is a poor explanation; (better + 1) / (paths + 1), never 0, since no
               number of paths shows that something is impossible

    Raises:  NotFinite, also where all are the same; WrongShape; TooFewObservations; OutOfRange.
    Source:  Davison & Hinkley (1997), Bootstrap Methods and their Application, 4.4: returns moved to a mean
             of 0, the ratio to their deviation compared; White (2000), Econometrica 68(5), for strategies.
    """
    returns = require_series("returns", returns, least=2)
    observed = sharpe_ratio(returns)
    idle = returns - mean_of("returns", returns)
    drawn = draw_paths(idle, generator=generator, paths=paths, block=block)
    better = sum(int(np.count_nonzero(path_sharpes(part) >= observed)) for part in drawn)
    return (better + 1) / (require_count("paths", paths) + 1)


def try_strategy(
    returns: FloatArray,
    *,
    generator: np.random.Generator,
    criteria: Criteria | None = None,
    paths: int = 10_000,
    block: int = 1,
) -> Trial:
    """Judge a record by what else could have happened: every criterion with its value and its reason.

    returns    shape (trades,), at least 2, each as a fraction of equity, none below -1, not all the same
    generator, paths, block   as of `resample`
    criteria   None asks for the usual ones

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  the methods of `resample`, `interval`, `risk_of_ruin` and `chance_of_luck`.
    """
    asked = Criteria() if criteria is None else criteria
    require_inside("level", asked.level)
    returns = require_growth(returns, least=2)
    drawn = resample(returns, generator=generator, paths=paths, block=block)
    figures = (drawn.sharpe, drawn.total_return, drawn.max_drawdown, drawn.win_rate)
    sharpe, total, drawdown, wins = (interval(figure, level=asked.level) for figure in figures)
    ruin = risk_of_ruin(drawn, ruin=asked.ruin)
    luck = chance_of_luck(returns, generator=generator, paths=paths, block=block)
    marks = (
        _at_least("trades", "The number of trades", len(returns), asked.least_trades),
        _at_least("sharpe", "The low end of the Sharpe ratio", sharpe.low, asked.least_sharpe),
        _at_least("total_return", "The low end of the total return", total.low, asked.least_return),
        _at_least("win_rate", "The low end of the win rate", wins.low, asked.least_win_rate),
        _at_most("max_drawdown", "The high end of the drawdown", drawdown.high, asked.most_drawdown),
        _at_most("risk_of_ruin", "The risk of ruin", ruin, asked.most_risk_of_ruin),
        _at_most("chance_of_luck", "The chance that it was luck", luck, asked.most_chance_of_luck),
    )
    return Trial(len(returns), paths, sharpe, total, drawdown, wins, ruin, luck, marks)


def _at_least(name: str, what: str, value: float, least: float) -> Mark:
    limit = require_finite(f"the least of {name}", least)
    is_passed = value >= limit
    words = "is enough" if is_passed else "is not enough"
    reason = f"{what} is {_short(value)}, which {words}: at least {_short(limit)} is asked for."
    return Mark(name, is_passed, float(value), limit, reason)


def _at_most(name: str, what: str, value: float, most: float) -> Mark:
    limit = require_finite(f"the most of {name}", most)
    is_passed = value <= limit
    words = "is low enough" if is_passed else "is too much"
    reason = f"{what} is {_short(value)}, which {words}: at most {_short(limit)} is allowed."
    return Mark(name, is_passed, float(value), limit, reason)


def _short(value: float) -> str:
    return f"{value:.4g}"
