"""Indicators against the same formulas in plain Python, written from their definitions."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from statistics import fmean, pstdev, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.markets.replay import ReplayMarket
from providers.markets.types import Candle
from thalas.domain import indicators

START = datetime(2018, 1, 1, tzinfo=UTC)
UNTIL = datetime(2019, 1, 1, tzinfo=UTC)
SERIES = [
    ReplayMarket().candles(symbol, "1d", until=UNTIL, count=300).candles
    for symbol in ("BTC/USD", "ETH/USD", "LTC/USD")
]
ALL_NAMES = {
    *("sma_20", "sma_50", "sma_200", "ema_12", "ema_26", "macd", "macd_signal", "macd_hist", "rsi_14"),
    *("atr_14", "atr_pct", "adx_14", "plus_di_14", "minus_di_14", "roc_10"),
    *("bb_upper_20", "bb_middle_20", "bb_lower_20", "donchian_high_20", "donchian_low_20"),
    *("volatility_20", "volatility_rank_100"),
}


def make_candles(closes: Sequence[float]) -> tuple[Candle, ...]:
    """Candles that open and close at the same price, half a unit around it."""
    return tuple(
        Candle(START + day * timedelta(days=1), close, close + 0.5, close - 0.5, close, 1.0)
        for day, close in enumerate(closes)
    )


def ema(values: Sequence[float], period: int) -> list[float]:
    """Seeded by the mean of the first *period* values; weight 2 / (period + 1)."""
    averages = [fmean(values[:period])]
    for value in values[period:]:
        averages.append(averages[-1] + 2 / (period + 1) * (value - averages[-1]))
    return averages


def wilder(values: Sequence[float], period: int = 14) -> float:
    """Wilder's average: the mean of the first *period*, then one part in *period* of each new value."""
    average = fmean(values[:period])
    for value in values[period:]:
        average = (average * (period - 1) + value) / period
    return average


def true_ranges(candles: Sequence[Candle]) -> list[float]:
    return [max(b.high, a.close) - min(b.low, a.close) for a, b in pairwise(candles)]


def rsi(closes: Sequence[float]) -> float:
    changes = [b - a for a, b in pairwise(closes)]
    up, down = wilder([max(c, 0) for c in changes]), wilder([max(-c, 0) for c in changes])
    return 100 * up / (up + down)


def volatilities(closes: Sequence[float]) -> list[float]:
    returns = [math.log(b / a) for a, b in pairwise(closes)]
    return [stdev(returns[end - 20 : end]) for end in range(20, len(returns) + 1)]


@pytest.mark.parametrize("candles", SERIES)
def test_averages_bands_and_channels_are_as_defined(candles: tuple[Candle, ...]) -> None:
    closes = [candle.close for candle in candles]
    middle, width = fmean(closes[-20:]), 2 * pstdev(closes[-20:])
    values = indicators.compute(candles)
    expected = {
        "sma_20": middle,
        "sma_50": fmean(closes[-50:]),
        "sma_200": fmean(closes[-200:]),
        "ema_12": ema(closes, 12)[-1],
        "ema_26": ema(closes, 26)[-1],
        "bb_upper_20": middle + width,
        "bb_middle_20": middle,
        "bb_lower_20": middle - width,
        "donchian_high_20": max(candle.high for candle in candles[-21:-1]),
        "donchian_low_20": min(candle.low for candle in candles[-21:-1]),
        "roc_10": 100 * (closes[-1] / closes[-11] - 1),
    }
    assert {name: values[name] for name in expected} == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("candles", SERIES)
def test_macd_is_the_difference_of_two_averages_and_its_own_average(candles: tuple[Candle, ...]) -> None:
    closes = [candle.close for candle in candles]
    # both averages start at the 26th close, the fast one from the mean of the 12 closes up to there
    slow, fast = ema(closes, 26), ema(closes[14:], 12)
    line = [a - b for a, b in zip(fast, slow, strict=True)]
    values = indicators.compute(candles)
    assert values["macd"] == pytest.approx(line[-1], rel=1e-9)
    assert values["macd_signal"] == pytest.approx(ema(line, 9)[-1], rel=1e-9)
    assert values["macd_hist"] == pytest.approx(line[-1] - ema(line, 9)[-1], rel=1e-7)


@pytest.mark.parametrize("candles", SERIES)
def test_rsi_and_atr_are_wilders(candles: tuple[Candle, ...]) -> None:
    values = indicators.compute(candles)
    assert values["rsi_14"] == pytest.approx(rsi([candle.close for candle in candles]), rel=1e-9)
    assert values["atr_14"] == pytest.approx(wilder(true_ranges(candles)), rel=1e-9)
    assert values["atr_pct"] == pytest.approx(100 * values["atr_14"] / candles[-1].close, rel=1e-12)


@pytest.mark.parametrize("candles", SERIES)
def test_directional_indicators_are_wilders(candles: tuple[Candle, ...]) -> None:
    moves = [
        (b.high - a.high, a.low - b.low, tr)
        for (a, b), tr in zip(pairwise(candles), true_ranges(candles), strict=True)
    ]
    ups = [up if up > down and up > 0 else 0.0 for up, down, _ in moves]
    downs = [down if down > up and down > 0 else 0.0 for up, down, _ in moves]
    ranges = [tr for _, _, tr in moves]
    # Wilder's running sums; TA-Lib starts them from 13 values, not 14
    sums, directions = [sum(values[:13]) for values in (ups, downs, ranges)], []
    for step in zip(ups[13:], downs[13:], ranges[13:], strict=True):
        sums = [total - total / 14 + value for total, value in zip(sums, step, strict=True)]
        plus_di, minus_di = 100 * sums[0] / sums[2], 100 * sums[1] / sums[2]
        directions.append(100 * abs(plus_di - minus_di) / (plus_di + minus_di))
    values = indicators.compute(candles)
    assert values["plus_di_14"] == pytest.approx(plus_di, rel=1e-9)
    assert values["minus_di_14"] == pytest.approx(minus_di, rel=1e-9)
    assert values["adx_14"] == pytest.approx(wilder(directions), rel=1e-9)


@pytest.mark.parametrize("candles", SERIES)
def test_volatility_is_ranked_among_the_last_hundred(candles: tuple[Candle, ...]) -> None:
    last = volatilities([candle.close for candle in candles])[-100:]
    values = indicators.compute(candles)
    assert values["volatility_20"] == pytest.approx(last[-1], rel=1e-9)
    assert values["volatility_rank_100"] == sum(value <= last[-1] for value in last) / 100


def test_rsi_of_the_published_worked_example() -> None:
    # StockCharts ChartSchool, RSI, 14 periods: 37.77 from prices of four decimals, here two
    closes = (
        "44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 46.00 "
        "46.03 46.41 46.22 45.64 46.21 46.25 45.71 46.45 45.78 45.35 44.03 44.18 44.22 44.57 43.42 "
        "42.66 43.13"
    )
    values = indicators.compute(make_candles([float(close) for close in closes.split()]))
    assert values["rsi_14"] == pytest.approx(37.77, abs=0.05)


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("roc_10", 11),  # a close and the one ten before
        ("rsi_14", 15),  # 14 changes
        ("atr_14", 15),  # 14 true ranges, each with a close before
        ("sma_20", 20),
        ("donchian_high_20", 21),  # 20 candles before the last
        ("volatility_20", 21),  # 20 returns
        ("adx_14", 28),  # 14 directions after 14 candles
        ("macd_signal", 34),  # 26, then 9 that share one
        ("sma_200", 200),
        ("volatility_rank_100", 120),  # 100 deviations of 20 returns: 119 returns
    ],
)
def test_a_value_appears_with_the_first_candle_that_it_needs_and_not_before(name: str, needed: int) -> None:
    candles = SERIES[0]
    assert name not in indicators.compute(candles[: needed - 1])
    assert name in indicators.compute(candles[:needed])


def test_three_hundred_candles_give_every_indicator_and_none_gives_none() -> None:
    assert set(indicators.compute(SERIES[0])) == ALL_NAMES
    assert indicators.compute(()) == {}


def test_the_last_candle_does_not_count_to_the_channel_it_may_break() -> None:
    values = indicators.compute(make_candles([*[100.0] * 25, 150.0]))
    assert (values["donchian_high_20"], values["donchian_low_20"]) == (100.5, 99.5)


def test_a_price_that_never_moved_is_not_called_oversold() -> None:
    values = indicators.compute(make_candles([100.0] * 60))
    assert "rsi_14" not in values
    assert values["volatility_20"] == 0.0


def test_there_is_no_volatility_of_prices_that_are_not_above_zero() -> None:
    values = indicators.compute(make_candles([*[-1.0] * 100, *[100.0 + day for day in range(100)]]))
    assert "volatility_20" not in values
    assert "sma_200" in values


PRICES = st.floats(-1e308, 1e308) | st.floats(0.0, 1e-300) | st.floats(1.0, 100.0)


@given(st.lists(st.tuples(PRICES, PRICES, PRICES), max_size=150))
def test_no_value_is_ever_other_than_finite(rows: list[tuple[float, float, float]]) -> None:
    candles = tuple(
        Candle(START + day * timedelta(days=1), close, high, low, close, 1.0)
        for day, (high, low, close) in enumerate(rows)
    )
    values = indicators.compute(candles)
    assert set(values) <= ALL_NAMES
    assert all(type(value) is float and math.isfinite(value) for value in values.values())
