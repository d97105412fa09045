"""What the market shows now. The replay's own clock is a row; its candles come with the code."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache

from providers.errors import MarketUnavailable
from providers.markets import timeframes
from providers.markets.replay import ReplayMarket
from providers.markets.replay_clock import ReplayClock, ReplayMoment, moment
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


@lru_cache(maxsize=1)
def market() -> ReplayMarket:
    """Return the market that candles are read from, one for the process."""
    return ReplayMarket()


def offers() -> dict[str, tuple[str, ...]]:
    """Return the timeframes on offer for each symbol."""
    return market().offers()


def replay_clock() -> ReplayClock:
    """Return the replay's clock.

    Raises:  MarketUnavailable if the replay has not been set up.
    """
    row = rows.first(models.ReplayTape, "id = %(id)s", id=models.ReplayTape.ONLY_ID)
    if row is None:
        raise MarketUnavailable("the replay has no clock yet; `manage.py sync_schedule` sets it up")
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
