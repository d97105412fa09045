"""What else could have happened: a strategy's trades drawn again and again, alone or in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from risk.errors import OutOfRange
from risk.losses import between, linear_place
from risk.numbers import describe, require_count, require_fraction, require_inside
from risk.returns import require_growth
from risk.series import ROUNDING, FloatArray, require_result, require_series

DRAWS_AT_ONCE = (
    500_000  # paths are drawn in parts of so many periods in all: 4 MB that stay near the processor
)
LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True, eq=False)
class Resample:
    """One figure a path, each of shape (paths,), in the same order.

    total_return   fraction of the first equity, from -1 up
    max_drawdown   fraction of the peak, in [0, 1], positive for a fall
    lowest_equity  the least that was left of the first equity at any time, in [0, 1]
    sharpe         of one period, sample deviation; a path that never varies has one without end, with the
                   sign of its mean, or 0
    win_rate       share of periods above 0
    """

    total_return: FloatArray
    max_drawdown: FloatArray
    lowest_equity: FloatArray
    sharpe: FloatArray
    win_rate: FloatArray


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle of many figures, and the two between which a share of them lies."""

    low: float
    middle: float
    high: float


def resample(
    returns: FloatArray,
    *,
    generator: np.random.Generator,
    paths: int = 10_000,
    block: int = 1,
    periods: int | None = None,
) -> Resample:
    """Return the figures of *paths* series drawn from *returns* with replacement.

    returns    shape (trades,), at least 2, each as a fraction of equity, none below -1
    generator  where the chance comes from; the same seed gives the same paths
    block      trades that stay together: 1 treats them as independent; longer blocks keep streaks. Blocks
               start anywhere with equal chance and run on from the last trade to the first
    periods    length of each path, at least 2; None is as many as there are trades

    Raises:  NotFinite, also if compounding leaves the floats; WrongShape; TooFewObservations; OutOfRange,
             also for a block longer than the trades.
    Source:  Efron (1979), Annals of Statistics 7(1); Politis & Romano (1992), A circular block-resampling
             procedure for stationary data, in Exploring the Limits of Bootstrap.
    """
    returns = require_growth(returns, least=2)
    drawn = draw_paths(returns, generator=generator, paths=paths, block=block, periods=periods)
    parts = [(*_compound(part), _win_rates(part), path_sharpes(part)) for part in drawn]
    total, deepest, lowest, wins, ratios = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Resample(require_series("The total returns", total), deepest, lowest, ratios, wins)


def interval(figures: FloatArray, *, level: float = 0.95) -> Interval:
    """Return the percentile interval of *figures*: the middle *level* of them, and their median.

    figures  shape (paths,), at least 2; infinite ones are allowed as long as no bound is
    level    in (0, 1)

    Raises:  NotFinite; WrongShape; TooFewObservations; OutOfRange.
    Source:  Efron & Tibshirani (1993), An Introduction to the Bootstrap, ch. 13; linear between figures.
    """
    level = require_inside("level", level)
    is_plain = isinstance(figures, np.ndarray) and figures.dtype == np.float64
    require_series("figures", np.clip(figures, -LARGEST, LARGEST) if is_plain else figures, least=2)
    ordered = np.sort(figures)
    low, middle, high = (_at(ordered, share) for share in ((1 - level) / 2, 0.5, (1 + level) / 2))
    return Interval(low, middle, high)


def risk_of_ruin(resampled: Resample, *, ruin: float = 0.5) -> float:
    """Return the share of paths that at some time had lost *ruin* of the first equity or more.

    ruin    fraction of the first equity, in (0, 1]: 0.5 is half of it
    result  in [0, 1]

    Raises:  NotFinite; OutOfRange.
    Source:  Vince (1990), Portfolio Management Formulas; by simulation.
    """
    floor = 1.0 - _above_zero("ruin", ruin)
    return float(np.count_nonzero(resampled.lowest_equity <= floor)) / len(resampled.lowest_equity)


def risk_of_drawdown(resampled: Resample, *, drawdown: float) -> float:
    """Return the share of paths that at some time were *drawdown* or more below their own peak.

    drawdown  fraction of the peak, in (0, 1]
    result    in [0, 1]

    Raises:  NotFinite; OutOfRange.
    """
    depth = _above_zero("drawdown", drawdown)
    return float(np.count_nonzero(resampled.max_drawdown >= depth)) / len(resampled.max_drawdown)


def draw_paths(
    returns: FloatArray,
    *,
    generator: np.random.Generator,
    paths: int,
    block: int = 1,
    periods: int | None = None,
) -> Iterator[FloatArray]:
    """Yield the paths of `resample` in parts of shape (periods, some of the paths).

    Raises:  OutOfRange.
    """
    paths, block = require_count("paths", paths), require_count("block", block)
    length = len(returns) if periods is None else require_count("periods", periods, least=2)
    if block > len(returns):
        raise OutOfRange(f"block must be at most the {len(returns)} trades, not {describe(block)}.")
    run = np.concatenate((returns, returns[: block - 1]))  # so that a block at the end runs on at the start
    blocks, step = -(-length // block), max(1, DRAWS_AT_ONCE // length)
    for start in range(0, paths, step):
        shape = (blocks, 1, min(step, paths - start))
        places = generator.integers(0, len(returns), shape, dtype=np.int32)
        if block > 1:
            places = places + np.arange(block, dtype=np.int32)[:, np.newaxis]
        yield run.take(places.reshape(blocks * block, -1)[:length], mode="clip")  # clip, as nothing is out


def path_sharpes(paths: FloatArray) -> FloatArray:
    """Return the Sharpe ratio of one period of each column; endless where it never varies.

    paths   shape (periods, paths), at least 2 periods
    result  shape (paths,), sample deviation
    """
    length = len(paths)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        means = np.add.reduce(paths, axis=0) / length
        apart = paths - means
        deviations = np.sqrt(np.einsum("ij,ij->j", apart, apart) / (length - 1))
        require_series("The deviations of the paths", deviations)
        deviations[deviations <= ROUNDING * np.maximum(1.0, np.abs(means))] = 0.0
        ratios = np.zeros(len(means))
        np.divide(means, deviations, out=ratios, where=(means != 0.0) | (deviations != 0.0))
    return ratios


@np.errstate(over="ignore", invalid="ignore")
def _compound(paths: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return each path's total return, deepest drawdown and lowest equity."""
    equity, lowest, ratio, smallest = (np.ones(paths.shape[1]) for _ in range(4))
    growth = np.empty(paths.shape[1])
    for step in paths:
        np.add(step, 1.0, out=growth)
        equity *= growth
        np.minimum(lowest, equity, out=lowest)
        ratio *= growth  # of equity to its peak: no division, and it never leaves the floats
        np.minimum(ratio, 1.0, out=ratio)
        np.minimum(smallest, ratio, out=smallest)
    return equity - 1.0, 1.0 - smallest, lowest


def _win_rates(paths: FloatArray) -> FloatArray:
    rates: FloatArray = np.count_nonzero(paths > 0.0, axis=0) / len(paths)
    return rates


def _above_zero(name: str, value: float) -> float:
    share = require_fraction(name, value)
    if share == 0.0:
        raise OutOfRange(f"{name} must be above 0.")
    return share


def _at(ordered: FloatArray, share: float) -> float:
    below, rest = linear_place(len(ordered), 1.0 - share)
    bound = between(float(ordered[below]), float(ordered[below + 1]), rest)
    return require_result("A bound of the interval", bound)
