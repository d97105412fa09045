"""A market on one sheet: what voters are shown of it, in few tokens, each number exact to a stated digit.

A candle is `[close, upper, lower, volume]` in whole units, with the open behind where it is not the close
before; upper and lower are its shadows. Field names, times and digits beyond a fiftieth of a usual candle's
range would be two thirds of the tokens.
"""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from providers.markets import timeframes
from providers.voters.types import Brief, BriefCandle, SymbolBrief

# Prices are shown to a fiftieth of the candles' mean range or finer, volumes to a thousandth of the largest.
RANGE_PARTS = 50
STILL_PARTS = 100_000
VOLUME_PARTS = 999
DIGITS = 5
LARGEST_WHOLE = 2**53


def sheet(brief: Brief) -> dict[str, object]:
    """Return *brief* as it is shown."""
    step = timeframes.length(brief.timeframe)
    return {
        "timeframe": brief.timeframe,
        "as_of": _minute(brief.as_of),
        "markets": [_market(market, step) for market in brief.markets],
    }


def rounded(value: float) -> float:
    """Return *value* to five significant digits."""
    told = float(f"{value:.{DIGITS}g}")
    return _short(told) if math.isfinite(told) else value  # the largest of all rounds up to infinity


def _short(value: float) -> float:
    """Return *value* without the point that a whole number need not have."""
    return int(value) if value.is_integer() and abs(value) < LARGEST_WHOLE else value


def _market(market: SymbolBrief, step: timedelta) -> dict[str, object]:
    if market.is_given:
        return {
            "symbol": market.symbol,
            "source": market.source,
            "price": market.price,
            "indicators": market.indicators,
            "context": market.context,
        }
    price_unit, volume_unit = _price_unit(market), _volume_unit(market.candles)
    return {
        "symbol": market.symbol,
        "source": market.source,
        "price": market.price,
        "closed_at": _minute(market.closed_at),
        "price_unit": _short(price_unit),
        "volume_unit": _short(volume_unit),
        "opened_at": _times(market.candles, step),
        "candles": _rows(market.candles, price_unit, volume_unit),
        "indicators": {name: rounded(value) for name, value in market.indicators.items()},
        "faults": market.faults,
    }


def _rows(candles: Sequence[BriefCandle], price_unit: float, volume_unit: float) -> list[list[int]]:
    rows: list[list[int]] = []
    for candle in candles:
        opened, high, low, close = (
            units(price, price_unit) for price in (candle.open, candle.high, candle.low, candle.close)
        )
        upper, lower = high - max(opened, close), min(opened, close) - low
        row = [close, upper, lower, units(candle.volume, volume_unit)]
        rows.append(row if rows and rows[-1][0] == opened else [*row, opened])
    return rows


def units(value: float, unit: float) -> int:
    """Return *value* in whole units of *unit*, a power of ten."""
    # Dividing by 0.01 is not exact, multiplying by 100 is.
    return round(value * round(1 / unit)) if unit < 1 else round(value / unit)


def _times(candles: Sequence[BriefCandle], step: timedelta) -> str | list[str]:
    """Return when the first candle opened if each follows the one before at once, else when each did."""
    if all(b.opened_at - a.opened_at == step for a, b in pairwise(candles)):
        return _minute(candles[0].opened_at) if candles else []
    return [_minute(candle.opened_at) for candle in candles]


def _price_unit(market: SymbolBrief) -> float:
    ranges = [abs(candle.high - candle.low) for candle in market.candles]
    mean = math.fsum(ranges) / len(ranges) if ranges else 0.0
    return _power_of_ten(mean / RANGE_PARTS or abs(market.price) / STILL_PARTS)


def _volume_unit(candles: Sequence[BriefCandle]) -> float:
    largest = max((abs(candle.volume) for candle in candles), default=0.0)
    return _power_of_ten(largest / VOLUME_PARTS, is_up=True)


def _power_of_ten(wanted: float, *, is_up: bool = False) -> float:
    """Return the power of ten that is next to *wanted*, not above it or, if *is_up*, not below it."""
    if not 0 < wanted < math.inf:
        return 1.0
    exponent = math.ceil(math.log10(wanted)) if is_up else math.floor(math.log10(wanted))
    return float(f"1e{min(max(exponent, -15), 15)}")


def _minute(moment_at: datetime) -> str:
    """Return a moment in UTC, as short as it is exact."""
    return (
        moment_at.isoformat(timespec="auto" if moment_at.second or moment_at.microsecond else "minutes")[:-6]
        + "Z"
    )
