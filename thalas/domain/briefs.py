"""What the voters of a run are shown, and the bytes it is remembered by."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

import orjson

from providers.errors import NoCandles
from providers.markets import timeframes
from providers.markets.types import Candle, CandleSeries
from providers.voters.types import Brief, BriefCandle, SymbolBrief
from thalas.domain import indicators, quality

CANDLES_SHOWN = 30
# A market's candles change once in a while, and every question until then asks for the same numbers.
REMEMBERED = 64


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A series as a key: found by its hash, taken for equal only if its candles are."""

    series: CandleSeries

    def __hash__(self) -> int:
        return hash((self.series.symbol, self.series.timeframe, self.series.sha256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.series == other.series


def build(series: Sequence[CandleSeries], *, timeframe: str, as_of: datetime) -> Brief:
    """Return the brief of *series*, one market each and in their order, as of market time *as_of*.

    Indicators see every candle that can be computed with, voters the newest 30 of them; a candle with a
    number that is not finite is left out and stays on record as a fault.

    Raises:  NoCandles if a series has no candle that can be shown; ValueError if a series is of
             another timeframe or a symbol comes twice.
    """
    symbols = [one.symbol for one in series]
    if len(set(symbols)) < len(symbols) or any(one.timeframe != timeframe for one in series):
        raise ValueError(f"a brief needs one {timeframe} series for each symbol, not {symbols}")
    markets = tuple(_market(one, as_of) for one in series)
    return Brief(timeframe=timeframe, as_of=as_of.astimezone(UTC), markets=markets)


def encode(brief: Brief) -> bytes:
    """Return *brief* as JSON with sorted keys; equal briefs give equal bytes."""
    told = brief.model_dump(mode="json")
    for market in told["markets"]:
        # Briefs of recordings are the same bytes as before there were live markets.
        if market["fetched_at"] is None:
            del market["fetched_at"]
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def digest(encoded: bytes) -> str:
    """Return the SHA-256 of an encoded brief, in hexadecimal."""
    return hashlib.sha256(encoded).hexdigest()


def decode(encoded: bytes | str) -> Brief:
    """Return the brief that `encode` wrote, exactly.

    Raises:  ValueError if it is no brief; nothing is converted or guessed.
    """
    return Brief.model_validate_json(encoded, strict=True)


def _market(series: CandleSeries, as_of: datetime) -> SymbolBrief:
    known = _at_any_time(_Known(replace(series, lap=0)))
    faults = known.faults + quality.faults_of_age(series, as_of=as_of)
    return known.model_copy(update={"faults": faults, "lap": series.lap})


@lru_cache(maxsize=REMEMBERED)
def _at_any_time(key: _Known) -> SymbolBrief:
    """Return what is shown of a series whenever it is looked at: all but its age, and its lap."""
    series = key.series
    usable = tuple(candle for candle in series.candles if quality.is_finite(candle))
    if not usable:
        raise NoCandles(f"no {series.timeframe} candle of {series.symbol} has finite numbers")
    closed_at = usable[-1].opened_at + timeframes.length(series.timeframe)
    return SymbolBrief(
        symbol=series.symbol,
        price=usable[-1].close,
        closed_at=closed_at.astimezone(UTC),
        candles=tuple(map(_shown, usable[-CANDLES_SHOWN:])),
        indicators=indicators.compute(usable),
        faults=quality.lasting_faults(series),
        source=series.source,
        sha256=series.sha256,
        fetched_at=series.fetched_at,
    )


def _shown(candle: Candle) -> BriefCandle:
    return BriefCandle(
        opened_at=candle.opened_at.astimezone(UTC),
        open=candle.open,
        high=candle.high,
        low=candle.low,
        close=candle.close,
        volume=candle.volume,
    )
