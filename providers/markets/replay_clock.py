"""The clock of a replay: which market moment a wall-clock moment shows, and when candles fall due.

The tape [starts_at, ends_at) is played at a constant speed and starts over at its end: the moment
ends_at is never shown, it is starts_at of the next lap. All arithmetic is exact, in whole
microseconds and fractions, so that every process computes the same due time for the same candle.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from providers.markets import timeframes
from providers.markets.timeframes import EPOCH

MICROSECOND = timedelta(microseconds=1)
MILLISECOND_US = 1000


@dataclass(frozen=True, slots=True)
class ReplayClock:
    """A replay that shows *market_anchor_at* of lap *lap* at the wall moment *anchor_at*.

    speed               market seconds per wall second, > 0
    starts_at, ends_at  the span of the tape, market time; the anchor lies in [starts_at, ends_at)

    Raises:  ValueError if these do not make a clock.
    """

    anchor_at: datetime
    market_anchor_at: datetime
    speed: float
    starts_at: datetime
    ends_at: datetime
    lap: int = 0

    def __post_init__(self) -> None:
        for moment_at in (self.anchor_at, self.market_anchor_at, self.starts_at, self.ends_at):
            if moment_at.tzinfo is None:
                raise ValueError(f"{moment_at} has no time zone")
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ValueError(f"speed {self.speed} is not a finite number above 0")
        if not self.starts_at <= self.market_anchor_at < self.ends_at:
            raise ValueError(f"{self.market_anchor_at} is not within {self.starts_at} to {self.ends_at}")
        if self.lap < 0:
            raise ValueError(f"lap {self.lap} is below 0")


@dataclass(frozen=True, slots=True)
class ReplayMoment:
    """What a replay shows: the market time, and how often the tape has started over."""

    market_at: datetime
    lap: int


@dataclass(frozen=True, slots=True)
class CandleClose:
    """A candle that closes at *market_at* of lap *lap*; the wall clock then says *due_at*."""

    market_at: datetime
    lap: int
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DueCloses:
    """The newest closes of an interval, oldest first, and how many older ones were left out."""

    closes: tuple[CandleClose, ...]
    dropped: int


def moment(clock: ReplayClock, wall_at: datetime) -> ReplayMoment:
    """Return what *clock* shows at *wall_at*; before its anchor the tape stands still."""
    elapsed_us = max(0, _us(wall_at) - _us(clock.anchor_at))
    position_us = _anchor_position_us(clock) + math.floor(elapsed_us * Fraction(clock.speed))
    lap, offset_us = divmod(position_us, _span_us(clock))
    return ReplayMoment(clock.starts_at + offset_us * MICROSECOND, lap)


def wall_time(clock: ReplayClock, market_at: datetime, lap: int) -> datetime:
    """Return the first whole millisecond at which *clock* has reached *market_at* of *lap*.

    A moment before the anchor gets the time it would have had at the clock's speed.

    Raises:  ValueError if *market_at* is not on the tape.
    """
    if not clock.starts_at <= market_at < clock.ends_at:
        raise ValueError(f"{market_at} is not on the tape, {clock.starts_at} to {clock.ends_at}")
    position_us = lap * _span_us(clock) + _us(market_at) - _us(clock.starts_at)
    elapsed_us = (position_us - _anchor_position_us(clock)) / Fraction(clock.speed)
    due_ms = math.ceil((_us(clock.anchor_at) + elapsed_us) / MILLISECOND_US)
    return EPOCH + due_ms * MILLISECOND_US * MICROSECOND


def closes(
    clock: ReplayClock, timeframe: str, after: datetime, until: datetime, *, limit: int = 1000
) -> DueCloses:
    """Return the newest *limit* closes of *timeframe* with after < due_at <= until.

    Neighbouring intervals share no close and lose none. Closes before the anchor are another
    clock's business; one exactly at the anchor is this clock's.

    Raises:  UnknownTimeframe; ValueError if *limit* is below 1.
    """
    if limit < 1:
        raise ValueError(f"limit {limit} is below 1")
    grid = _grid(clock, timeframe)
    if grid.per_lap == 0:
        return DueCloses((), 0)
    before_anchor = grid.count_through(_anchor_position_us(clock) - 1)
    first = max(before_anchor, grid.count_through(_reached_us(clock, after)))
    end = max(first, grid.count_through(_reached_us(clock, until)))
    newest = max(first, end - limit)
    return DueCloses(tuple(_close(clock, grid, index) for index in range(newest, end)), newest - first)


@dataclass(frozen=True, slots=True)
class _Grid:
    """The closes of one timeframe along the endless row of laps, numbered from lap 0 on."""

    span_us: int
    step_us: int
    first_us: int
    per_lap: int

    def count_through(self, position_us: int) -> int:
        """Return the number of the first close beyond *position_us*."""
        lap, offset_us = divmod(position_us, self.span_us)
        return lap * self.per_lap + (offset_us - self.first_us) // self.step_us + 1


def _grid(clock: ReplayClock, timeframe: str) -> _Grid:
    step_us = timeframes.length(timeframe) // MICROSECOND
    span_us = _span_us(clock)
    first_us = -_us(clock.starts_at) % step_us
    return _Grid(span_us, step_us, first_us, per_lap=max(0, -((first_us - span_us) // step_us)))


def _close(clock: ReplayClock, grid: _Grid, index: int) -> CandleClose:
    lap, within = divmod(index, grid.per_lap)
    market_at = clock.starts_at + (grid.first_us + within * grid.step_us) * MICROSECOND
    return CandleClose(market_at, lap, wall_time(clock, market_at, lap))


def _reached_us(clock: ReplayClock, wall_at: datetime) -> int:
    """Return how far the tape was at the last whole millisecond of *wall_at*.

    Due times are rounded up to milliseconds, so that one is <= wall_at exactly if its exact time is
    not later than that millisecond.
    """
    whole_us = _us(wall_at) // MILLISECOND_US * MILLISECOND_US
    travelled_us = (whole_us - _us(clock.anchor_at)) * Fraction(clock.speed)
    return _anchor_position_us(clock) + math.floor(travelled_us)


def _anchor_position_us(clock: ReplayClock) -> int:
    return clock.lap * _span_us(clock) + _us(clock.market_anchor_at) - _us(clock.starts_at)


def _span_us(clock: ReplayClock) -> int:
    return _us(clock.ends_at) - _us(clock.starts_at)


def _us(moment_at: datetime) -> int:
    return (moment_at - EPOCH) // MICROSECOND
