"""What the market shows now: a replay of recorded candles, or an exchange.

The clock of either is a row. A live market's runs with the database's, at its speed; a replay's does not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from django.conf import settings

from providers.errors import MarketUnavailable
from providers.markets import live, registry, timeframes
from providers.markets.registry import MarketSpec
from providers.markets.replay_clock import ReplayClock, ReplayMoment, moment
from providers.markets.types import REPLAY, CandleSeries, Market, Span, Ticker
from providers.voters.types import Brief, SymbolBrief
from thalas import models
from thalas.domain import briefs
from thalas.selectors import rows

CANDLES = 300


@dataclass(frozen=True, slots=True)
class TapePosition:
    """Where the replay stands, for people."""

    at: ReplayMoment
    clock: ReplayClock


@dataclass(frozen=True, slots=True)
class Shown:
    """What a market shows of one symbol; *closed_at* is when its last candle closed."""

    series: CandleSeries
    closed_at: datetime
    ticker: Ticker


def market() -> Market:
    """Return the market that candles are read from, one for the process."""
    house = settings.THALAS.house
    spec = MarketSpec(
        name=house.market,
        symbols=tuple(house.market_symbols.split(",")),
        timeout_s=house.market_timeout,
        base_url=house.market_base_url,
        broker_url=settings.BROKER_URL,
    )
    return _market(spec)


_market = lru_cache(maxsize=4)(registry.build)


def is_live() -> bool:
    """Say whether candles come from an exchange as they close."""
    name: str = settings.THALAS.house.market
    return name != REPLAY


def offers() -> dict[str, tuple[str, ...]]:
    """Return the timeframes on offer for each symbol."""
    return market().offers()


def replay_clock() -> ReplayClock:
    """Return the market's clock.

    Raises:  MarketUnavailable if it has not been set up, or was set up for another market.
    """
    row = rows.first(models.ReplayTape, "id = %(id)s", id=models.ReplayTape.ONLY_ID)
    if row is None:
        raise MarketUnavailable("the replay has no clock yet; `manage.py sync_schedule` sets it up")
    if (Span(row.starts_at, row.ends_at) == live.SPAN) != is_live():
        name = settings.THALAS.house.market
        raise MarketUnavailable(f"MARKET={name} has no clock yet; `manage.py sync_schedule` sets it up")
    return ReplayClock(
        anchor_at=row.anchor_at,
        market_anchor_at=row.market_anchor_at,
        speed=row.speed,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        lap=row.lap,
    )


def tape(*, now: datetime) -> TapePosition:
    """Return where the replay stands at *now*.

    Raises:  MarketUnavailable.
    """
    clock = replay_clock()
    return TapePosition(at=moment(clock, now), clock=clock)


def snapshot(symbols: Sequence[str], timeframe: str, *, now: datetime) -> Brief:
    """Return the brief on *symbols* as the market stands at *now*.

    Raises:  MarketError.
    """
    shown = tape(now=now).at
    series = [
        replace(market().candles(symbol, timeframe, until=shown.market_at, count=CANDLES), lap=shown.lap)
        for symbol in symbols
    ]
    return briefs.build(series, timeframe=timeframe, as_of=shown.market_at)


def shown(symbol: str, timeframe: str, *, now: datetime) -> Shown:
    """Return the newest candles and the ticker of *symbol* at *now*.

    Raises:  MarketError.
    """
    at = tape(now=now).at.market_at
    series = market().candles(symbol, timeframe, until=at, count=CANDLES)
    closed_at = series.candles[-1].opened_at + timeframes.length(timeframe)
    return Shown(series, closed_at, market().ticker(symbol, at=at))


def tape_or_none(*, now: datetime) -> TapePosition | None:
    """Return where the replay stands at *now*; None if the market's time cannot be read."""
    try:
        return tape(now=now)
    except MarketUnavailable:
        return None


def ages_candles(brief: Brief, position: TapePosition | None) -> list[float]:
    """Return how many candles have passed at *position* since the last close of each of *brief*'s markets.

    A replay that has started over since counts the tape's whole length in between.
    NaN if the market's time is not known, which the gate refuses.
    """
    if position is None:
        return [float("nan")] * len(brief.markets)
    return [_passed(market, position) / timeframes.length(brief.timeframe) for market in brief.markets]


def _passed(market: SymbolBrief, position: TapePosition) -> timedelta:
    laps = position.at.lap - market.lap
    length = position.clock.ends_at - position.clock.starts_at
    return position.at.market_at - market.closed_at + laps * length
