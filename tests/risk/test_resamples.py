"""Resampled paths against the formulas on each path, against exact chances, and by seed and block."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import (
    FloatArray,
    NotFinite,
    OutOfRange,
    Resample,
    TooFewObservations,
    interval,
    max_drawdown,
    resample,
    resamples,
    risk_of_drawdown,
    risk_of_ruin,
    sharpe_ratio,
    total_return,
    win_rate,
)
from risk.resamples import draw_paths, path_sharpes
from tests.risk.calls import loosely
from tests.risk.cases import INF, NAN

TRADES = np.random.default_rng(3).normal(0.002, 0.02, 80)


def seeded(seed: int = 9) -> np.random.Generator:
    return np.random.default_rng(seed)


def figures(found: Resample) -> tuple[FloatArray, ...]:
    return (found.total_return, found.max_drawdown, found.lowest_equity, found.sharpe, found.win_rate)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 999),
    block=st.integers(1, 80),
    periods=st.none() | st.integers(2, 200),
    parts=st.booleans(),
)
def test_each_path_has_the_figures_of_the_formulas(
    seed: int, block: int, periods: int | None, parts: bool
) -> None:
    trades = np.random.default_rng(seed).normal(0.002, 0.05, 80)
    with pytest.MonkeyPatch.context() as patched:
        if parts:
            patched.setattr(resamples, "DRAWS_AT_ONCE", 300)
        words = {"paths": 11, "block": block, "periods": periods}
        found = loosely(resample, trades, generator=seeded(seed), **words)
        drawn = loosely(draw_paths, trades, generator=seeded(seed), **words)
        paths = np.concatenate([part.copy() for part in drawn], axis=1)
    assert paths.shape == (periods or 80, 11)
    for at, path in enumerate(paths.T):
        assert found.total_return[at] == pytest.approx(total_return(path), abs=1e-12)
        assert found.max_drawdown[at] == pytest.approx(max_drawdown(path), abs=1e-12)
        assert found.lowest_equity[at] == pytest.approx(min(1.0, np.cumprod(1 + path).min()), abs=1e-12)
        never_varies = path.min() == path.max()  # a short path can be one trade again and again
        ratio = np.sign(path[0]) * INF if never_varies else sharpe_ratio(path)
        assert found.sharpe[at] == pytest.approx(ratio, abs=1e-9)
        assert found.win_rate[at] == win_rate(path)


@pytest.mark.parametrize("block", [1, 2, 3, 7, 20, 79, 80])
def test_blocks_run_on_in_order_and_round_the_end(block: int) -> None:
    order = np.arange(80.0)
    (paths,) = draw_paths(order, generator=seeded(), paths=200, block=block, periods=100)
    for start in range(0, 100, block):
        piece = paths[start : start + block]
        assert ((piece[1:] - piece[:-1]) % 80 == 1).all()
    assert set(paths.ravel().tolist()) == set(order.tolist())


def test_every_trade_is_drawn_as_often_as_any_other() -> None:
    for block in (1, 7):
        (paths,) = draw_paths(
            np.arange(10.0), generator=seeded(), paths=20_000, block=min(block, 10), periods=10
        )
        counts = np.bincount(paths.ravel().astype(int), minlength=10)
        assert counts / counts.sum() == pytest.approx(np.full(10, 0.1), abs=0.003)


@pytest.mark.parametrize("block", [1, 5])
def test_the_same_seed_gives_the_same_paths(block: int) -> None:
    first, again = (resample(TRADES, generator=seeded(), paths=50, block=block) for _ in range(2))
    for one, other in zip(figures(first), figures(again), strict=True):
        assert (one == other).all()
    other_seed = resample(TRADES, generator=seeded(10), paths=50, block=block)
    assert (first.total_return != other_seed.total_return).any()


def test_blocks_keep_streaks_together() -> None:
    streaks = np.tile(np.repeat([0.01, -0.01], 10), 10)
    alone = resample(streaks, generator=seeded(), paths=2000)
    together = resample(streaks, generator=seeded(), paths=2000, block=40)
    assert together.total_return.std() < alone.total_return.std() / 3


def test_every_possible_path_of_three_trades_has_its_chance() -> None:
    trades = np.array([0.5, -0.5, 0.1])
    exact = [total_return(np.array(path)) for path in product(trades.tolist(), repeat=3)]
    found = resample(trades, generator=seeded(), paths=50_000)
    seen, counts = np.unique(found.total_return.round(9), return_counts=True)
    wanted, wanted_counts = np.unique(np.round(exact, 9), return_counts=True)
    assert seen.tolist() == wanted.tolist()
    assert counts / 50_000 == pytest.approx(wanted_counts / 27, abs=0.01)


def test_the_risk_of_ruin_of_a_coin_is_its_exact_chance() -> None:
    # double or half: half of the first equity is gone at any time unless the walk stays above -1
    coin = np.array([1.0, -0.5])
    survived = sum(np.cumsum(path).min() >= 0 for path in product((1, -1), repeat=10)) / 2**10
    assert survived == comb(10, 5) / 2**10  # the ballot problem
    found = resample(coin, generator=seeded(), paths=50_000, periods=10)
    assert risk_of_ruin(found, ruin=0.5) == pytest.approx(1 - survived, abs=0.01)
    fell = (
        sum(
            max(np.maximum.accumulate([0, *np.cumsum(path)]) - np.array([0, *np.cumsum(path)])) >= 2
            for path in product((1, -1), repeat=10)
        )
        / 2**10
    )
    assert risk_of_drawdown(found, drawdown=0.75) == pytest.approx(fell, abs=0.01)


@given(seed=st.integers(0, 99), low=st.floats(0.01, 1), high=st.floats(0.01, 1))
def test_a_greater_loss_is_never_more_likely(seed: int, low: float, high: float) -> None:
    low, high = sorted((low, high))
    found = resample(TRADES * 5, generator=seeded(seed), paths=60)
    assert 0 <= risk_of_ruin(found, ruin=high) <= risk_of_ruin(found, ruin=low) <= 1
    assert 0 <= risk_of_drawdown(found, drawdown=high) <= risk_of_drawdown(found, drawdown=low) <= 1
    assert risk_of_drawdown(found, drawdown=low) >= risk_of_ruin(found, ruin=low) - 1e-12


def test_a_loss_exactly_as_large_as_ruin_is_ruin() -> None:
    found = resample(np.array([-0.5, 0.0]), generator=seeded(), paths=100, periods=2)
    lost = np.count_nonzero(found.lowest_equity <= 0.5) / 100
    assert 0 < risk_of_ruin(found, ruin=0.5) == risk_of_drawdown(found, drawdown=0.5) == lost
    assert risk_of_ruin(found, ruin=float(np.nextafter(0.75, 1))) == 0.0


@pytest.mark.parametrize("name", ["ruin", "drawdown"])
@pytest.mark.parametrize(
    ("value", "error"), [(0.0, OutOfRange), (1.1, OutOfRange), (-0.1, OutOfRange), (NAN, NotFinite)]
)
def test_what_is_lost_is_a_part_of_all(name: str, value: float, error: type[Exception]) -> None:
    found = resample(TRADES, generator=seeded(), paths=3)
    with pytest.raises(error, match=f"^{name} must be "):
        (risk_of_ruin if name == "ruin" else risk_of_drawdown)(found, **{name: value})


def test_a_path_that_never_varies_has_a_ratio_without_end() -> None:
    paths = np.array([[0.1, -0.1, 0.0, 0.1], [0.1, -0.1, 0.0, 0.3]])
    assert path_sharpes(paths).tolist() == [INF, -INF, 0.0, pytest.approx(0.2 / (0.02**0.5))]
    found = resample(np.array([0.1, 0.2]), generator=seeded(), paths=200, periods=2)
    assert np.isposinf(found.sharpe).any()


@given(values=st.lists(st.integers(-100, 100), min_size=2, max_size=60), level=st.floats(0.01, 0.99))
def test_an_interval_is_numpys_linear_quantiles(values: list[int], level: float) -> None:
    drawn = np.array(values) / 8.0
    found = interval(drawn, level=level)
    shares = [(1 - level) / 2, 0.5, (1 + level) / 2]
    assert [found.low, found.middle, found.high] == pytest.approx(np.quantile(drawn, shares), abs=1e-9)
    assert found.low <= found.middle <= found.high


def test_endless_figures_count_as_the_largest_and_bound_nothing() -> None:
    mostly = np.array([-INF, *range(99), INF], dtype=float)
    assert interval(mostly, level=0.9).high == 94.0
    for level in (0.99, 0.999):
        with pytest.raises(NotFinite, match=r"^A bound of the interval is "):
            interval(mostly, level=level)
    with pytest.raises(NotFinite, match=r"^A bound of the interval is nan"):
        interval(np.array([-INF, INF]), level=0.5)
    with pytest.raises(NotFinite, match=r"^figures must hold finite numbers, not nan at 1\.$"):
        interval(np.array([0.0, NAN]))
    with pytest.raises(OutOfRange, match=r"^level must lie between 0 and 1"):
        interval(TRADES, level=1.0)
    with pytest.raises(TooFewObservations):
        interval(TRADES[:1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"paths": 0}, r"^paths must be a whole number of at least 1, not 0\.$"),
        ({"block": 0}, r"^block must be a whole number of at least 1, not 0\.$"),
        ({"block": 81}, r"^block must be at most the 80 trades, not 81\.$"),
        ({"periods": 1}, r"^periods must be a whole number of at least 2, not 1\.$"),
    ],
)
def test_paths_that_cannot_be_are_errors(words: dict[str, int], message: str) -> None:
    with pytest.raises(OutOfRange, match=message):
        loosely(resample, TRADES, generator=seeded(), **words)


def test_trades_that_cannot_be_resampled_are_errors() -> None:
    with pytest.raises(OutOfRange, match=r"^returns must be -1 or more"):
        resample(np.array([0.1, -1.1]), generator=seeded())
    with pytest.raises(TooFewObservations):
        resample(TRADES[:1], generator=seeded())
    with pytest.raises(NotFinite, match=r"^The total returns must hold finite numbers, not inf"):
        resample(np.full(9, 1e60), generator=seeded(), paths=2)
    with pytest.raises(NotFinite, match=r"^The total returns must hold finite numbers, not (inf|nan)"):
        resample(np.append(np.full(400, 99.0), -1.0), generator=seeded(), paths=50)


def test_memory_is_bounded_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resamples, "DRAWS_AT_ONCE", 1000)
    parts = list(draw_paths(TRADES, generator=seeded(), paths=100))
    assert {part.size <= 1000 for part in parts} == {True}
    assert sum(part.shape[1] for part in parts) == 100
