"""What is wrong with a series of candles. A fault vetoes a trade, so each limit is exact.

Every sentence starts with a code: price, volume, range, time and gap are about the candles as such;
idle and jump about the newest; few, stale and future about the series as a whole.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise

from providers.markets import timeframes
from providers.markets.types import Candle, CandleSeries

FEWEST_CANDLES = 30
GAP_CANDLES = 50
IDLE_CANDLES = 5
JUMP_CANDLES = 3
JUMP_FRACTION = 0.5
STALE_CANDLES = 2


def faults(series: CandleSeries, *, as_of: datetime) -> tuple[str, ...]:
    """Return one sentence for each kind of fault in *series*, seen at *as_of* (market time).

    price   an open, high, low or close that is not finite or not above 0
    volume  a volume that is not finite or below 0
    range   a low above open or close, or a high below open or close
    time    a candle that does not start at least one timeframe after the one before it
    gap     candles missing among the newest 50
    idle    no volume in any of the newest 5
    jump    one of the newest 3 closes differs by more than 50 % of the close before it
    few     fewer than 30 candles
    stale   the last close is more than 2 timeframes before as_of
    future  the last close is after as_of: it cannot have been known

    Raises:  UnknownTimeframe.
    """
    return lasting_faults(series) + faults_of_age(series, as_of=as_of)


def lasting_faults(series: CandleSeries) -> tuple[str, ...]:
    """Return the faults that stay the same whenever *series* is looked at: all but stale and future."""
    what = f"{series.symbol} {series.timeframe}"
    found = [*_bad_values(series.candles, what), *_bad_times(series, what)]
    if len(series.candles) < FEWEST_CANDLES:
        found.append(f"few: {len(series.candles)} candles of {what}; at least {FEWEST_CANDLES}")
    if series.candles:
        found += _bad_news(series.candles, what)
    return tuple(found)


def faults_of_age(series: CandleSeries, *, as_of: datetime) -> tuple[str, ...]:
    """Return the faults that depend on when *series* is looked at: stale and future."""
    return tuple(_bad_age(series, f"{series.symbol} {series.timeframe}", as_of)) if series.candles else ()


def is_finite(candle: Candle) -> bool:
    """Tell whether all five numbers of *candle* are finite."""
    return all(map(math.isfinite, (*_prices(candle), candle.volume)))


def _bad_values(candles: Sequence[Candle], what: str) -> Iterator[str]:
    priced = [all(math.isfinite(price) and price > 0 for price in _prices(candle)) for candle in candles]
    wrong = {
        "price": [c for c, is_priced in zip(candles, priced, strict=True) if not is_priced],
        "volume": [c for c in candles if not (math.isfinite(c.volume) and c.volume >= 0)],
        "range": [c for c, is_priced in zip(candles, priced, strict=True) if is_priced and not _in_order(c)],
    }
    complaints = {
        "price": "have a price that is not finite or not above 0",
        "volume": "have a volume that is not finite or below 0",
        "range": "have a low or high that does not enclose open and close",
    }
    for code, bad in wrong.items():
        if bad:
            newest = _minute(bad[-1].opened_at)
            yield f"{code}: {len(bad)} candles of {what} {complaints[code]}, the newest of {newest}"


def _bad_times(series: CandleSeries, what: str) -> Iterator[str]:
    step = timeframes.length(series.timeframe)
    late = [b for a, b in pairwise(series.candles) if b.opened_at - a.opened_at < step]
    if late:
        yield (
            f"time: {len(late)} candles of {what} do not start a whole {series.timeframe} after the one "
            f"before, the newest of {_minute(late[-1].opened_at)}"
        )
    gaps = [(a, b) for a, b in pairwise(series.candles[-GAP_CANDLES:]) if b.opened_at - a.opened_at > step]
    if gaps:
        missing = sum(-((a.opened_at - b.opened_at) // step) - 1 for a, b in gaps)
        yield (
            f"gap: {missing} candles missing among the newest {GAP_CANDLES} of {what}, the last gap before "
            f"{_minute(gaps[-1][1].opened_at)}"
        )


def _bad_news(candles: Sequence[Candle], what: str) -> Iterator[str]:
    newest = candles[-IDLE_CANDLES:]
    if len(newest) == IDLE_CANDLES and all(candle.volume == 0 for candle in newest):
        yield f"idle: no volume in the newest {IDLE_CANDLES} candles of {what}"
    for before, after in pairwise(candles[-JUMP_CANDLES - 1 :]):
        if before.close > 0 and abs(after.close - before.close) > JUMP_FRACTION * before.close:
            yield (
                f"jump: {what} closed at {before.close:.6g} and then, in the candle of "
                f"{_minute(after.opened_at)}, at {after.close:.6g}; at most {JUMP_FRACTION:.0%} apart"
            )


def _bad_age(series: CandleSeries, what: str, as_of: datetime) -> Iterator[str]:
    step = timeframes.length(series.timeframe)
    closed_at = series.candles[-1].opened_at + step
    if as_of - closed_at > STALE_CANDLES * step:
        age = math.ceil((as_of - closed_at) / step * 10) / 10  # rounded up, or 2.01 would read as 2.0
        yield (
            f"stale: last {what} candle closed {_minute(closed_at)}, {age:.1f} candles before "
            f"{_minute(as_of)}; at most {STALE_CANDLES}"
        )
    if closed_at > as_of:
        yield f"future: last {what} candle closes {_minute(closed_at)}, after {_minute(as_of)}"


def _prices(candle: Candle) -> tuple[float, float, float, float]:
    return candle.open, candle.high, candle.low, candle.close


def _in_order(candle: Candle) -> bool:
    return candle.low <= min(candle.open, candle.close) and max(candle.open, candle.close) <= candle.high


def _minute(moment_at: datetime) -> str:
    return f"{moment_at:%Y-%m-%dT%H:%MZ}"
