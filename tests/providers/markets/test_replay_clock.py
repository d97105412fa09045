"""The replay clock: exact, monotone, and no close lost or doubled."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.markets import replay_clock, timeframes
from providers.markets.replay_clock import CandleClose, ReplayClock, ReplayMoment

WALL = datetime(2026, 3, 1, 12, tzinfo=UTC)
START = datetime(2018, 7, 17, tzinfo=UTC)
HOUR, DAY, MS, US = (
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(milliseconds=1),
    timedelta(microseconds=1),
)


def make_clock(
    *, speed: float = 3600.0, days: float = 10, at: timedelta = timedelta(0), lap: int = 0
) -> ReplayClock:
    return ReplayClock(WALL, START + at, speed, START, START + days * DAY, lap)


@st.composite
def clocks(draw: st.DrawFn) -> ReplayClock:
    starts_at = START + draw(st.integers(0, 10**11)) * US
    span_us = draw(st.integers(1, 40 * 24 * 3600 * 10**6))
    return ReplayClock(
        anchor_at=WALL + draw(st.integers(0, 10**7)) * US,
        market_anchor_at=starts_at + draw(st.integers(0, span_us - 1)) * US,
        speed=draw(st.floats(0.01, 1e6)),
        starts_at=starts_at,
        ends_at=starts_at + span_us * US,
        lap=draw(st.integers(0, 5)),
    )


WAITS = st.integers(-(10**6), 10**9).map(lambda us: us * US)


def test_an_hour_of_market_passes_in_a_second_at_speed_3600() -> None:
    clock = make_clock(speed=3600.0)
    assert replay_clock.moment(clock, WALL) == ReplayMoment(START, 0)
    assert replay_clock.moment(clock, WALL + timedelta(seconds=36)) == ReplayMoment(START + 36 * HOUR, 0)


def test_the_tape_starts_over_at_its_end_and_counts_the_lap() -> None:
    clock = make_clock(speed=86400.0, days=10, at=9 * DAY, lap=4)  # a day a second, one day left
    assert replay_clock.moment(clock, WALL + timedelta(seconds=1) - US).lap == 4
    assert replay_clock.moment(clock, WALL + timedelta(seconds=1)) == ReplayMoment(START, 5)
    assert replay_clock.moment(clock, WALL + timedelta(seconds=12)) == ReplayMoment(START + DAY, 6)


def test_before_its_anchor_the_tape_stands_still() -> None:
    clock = make_clock(at=DAY)
    assert replay_clock.moment(clock, WALL - DAY) == ReplayMoment(START + DAY, 0)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"speed": 0.0}, "speed 0.0"),
        ({"speed": float("nan")}, "speed nan"),
        ({"speed": float("inf")}, "speed inf"),
        ({"lap": -1}, "lap -1"),
        ({"market_anchor_at": START + 10 * DAY}, "is not within"),  # the end is not on the tape
        ({"market_anchor_at": START - US}, "is not within"),
        ({"ends_at": START}, "is not within"),
        ({"anchor_at": WALL.replace(tzinfo=None)}, "no time zone"),
    ],
)
def test_what_is_no_clock_is_refused(change: dict[str, object], complaint: str) -> None:
    fields = {
        "anchor_at": WALL,
        "market_anchor_at": START,
        "speed": 1.0,
        "starts_at": START,
        "ends_at": START + 10 * DAY,
        "lap": 0,
    }
    with pytest.raises(ValueError, match=complaint):
        ReplayClock(**(fields | change))  # type: ignore[arg-type]


def test_a_moment_off_the_tape_has_no_wall_time() -> None:
    clock = make_clock(days=10)
    with pytest.raises(ValueError, match="not on the tape"):
        replay_clock.wall_time(clock, START + 10 * DAY, 0)


def test_a_due_time_is_rounded_up_to_whole_milliseconds() -> None:
    clock = make_clock(speed=7000.0)  # an hour takes 3600/7000 s = 514.2857 ms
    assert replay_clock.wall_time(clock, START + HOUR, 0) == WALL + timedelta(milliseconds=515)
    assert replay_clock.moment(clock, WALL + 515 * MS).market_at >= START + HOUR
    assert replay_clock.moment(clock, WALL + 514 * MS).market_at < START + HOUR


@given(clocks(), WAITS.filter(lambda wait: wait >= timedelta(0)))
def test_wall_time_undoes_moment_to_the_millisecond(clock: ReplayClock, wait: timedelta) -> None:
    shown = replay_clock.moment(clock, clock.anchor_at + wait)
    due_at = replay_clock.wall_time(clock, shown.market_at, shown.lap)
    # `moment` rounds down by less than 1 µs of market, `wall_time` up by less than 1 ms of wall
    assert due_at <= clock.anchor_at + wait + MS
    assert due_at >= clock.anchor_at + wait - (US / clock.speed + US)
    reached = replay_clock.moment(clock, due_at)
    assert (reached.lap, reached.market_at) >= (shown.lap, shown.market_at)


@given(clocks(), st.lists(WAITS, min_size=2, max_size=8))
def test_time_never_runs_back(clock: ReplayClock, waits: list[timedelta]) -> None:
    shown = [replay_clock.moment(clock, clock.anchor_at + wait) for wait in sorted(waits)]
    for before, after in pairwise(shown):
        assert (before.lap, before.market_at) <= (after.lap, after.market_at)
    assert all(clock.starts_at <= moment.market_at < clock.ends_at for moment in shown)


def test_closes_carry_the_lap_they_belong_to() -> None:
    clock = make_clock(speed=86400.0, days=3)  # a day a second, three days a lap
    due = replay_clock.closes(clock, "1d", WALL, WALL + timedelta(seconds=4))
    assert due.closes == (
        CandleClose(START + DAY, 0, WALL + timedelta(seconds=1)),
        CandleClose(START + 2 * DAY, 0, WALL + timedelta(seconds=2)),
        CandleClose(START, 1, WALL + timedelta(seconds=3)),  # the end of lap 0 is the start of lap 1
        CandleClose(START + DAY, 1, WALL + timedelta(seconds=4)),
    )


def test_a_close_at_the_anchor_is_due_then_and_none_is_due_before() -> None:
    clock = make_clock(speed=86400.0, days=3, at=DAY)
    due = replay_clock.closes(clock, "1d", WALL - DAY, WALL)
    assert due.closes == (CandleClose(START + DAY, 0, WALL),)
    assert replay_clock.closes(clock, "1d", WALL, WALL).closes == ()


def test_only_the_newest_closes_are_returned_and_the_others_counted() -> None:
    clock = make_clock(speed=86400.0, days=10)
    due = replay_clock.closes(clock, "1h", WALL, WALL + timedelta(seconds=5), limit=3)
    assert [close.market_at for close in due.closes] == [START + hours * HOUR for hours in (118, 119, 120)]
    assert due.dropped == 117  # 5 days of 24 hours, less the 3 returned
    with pytest.raises(ValueError, match="limit 0"):
        replay_clock.closes(clock, "1h", WALL, WALL, limit=0)


def test_a_tape_without_any_close_of_a_timeframe_is_never_due() -> None:
    clock = ReplayClock(WALL, START + HOUR, 1e6, START + HOUR, START + 2 * HOUR)
    assert replay_clock.closes(clock, "1d", WALL, WALL + DAY).closes == ()


@given(clocks(), st.sampled_from(["1h", "4h", "1d"]), st.lists(WAITS, min_size=2, max_size=6))
def test_no_close_is_lost_or_doubled_wherever_the_interval_is_cut(
    clock: ReplayClock, timeframe: str, waits: list[timedelta]
) -> None:
    cuts = sorted(clock.anchor_at + wait for wait in waits)
    parts = [replay_clock.closes(clock, timeframe, a, b, limit=5) for a, b in pairwise(cuts)]
    whole = replay_clock.closes(clock, timeframe, cuts[0], cuts[-1], limit=5)
    assert sum(len(part.closes) + part.dropped for part in parts) == len(whole.closes) + whole.dropped
    newest = [part.closes[-1] for part in parts if part.closes]
    assert newest[-1:] == list(whole.closes[-1:])
    for (after, until), part in zip(pairwise(cuts), parts, strict=True):
        assert all(after < close.due_at <= until for close in part.closes)


@given(clocks(), st.sampled_from(["1h", "4h", "1d"]), st.integers(0, 10**6))
def test_closes_are_those_that_stepping_through_the_laps_finds(
    clock: ReplayClock, timeframe: str, wait_ms: int
) -> None:
    span_s = (clock.ends_at - clock.starts_at).total_seconds()
    until = clock.anchor_at + min(wait_ms * MS, timedelta(seconds=3 * span_s / clock.speed))
    found = []
    for lap in range(clock.lap, clock.lap + 5):
        first = clock.market_anchor_at if lap == clock.lap else clock.starts_at
        for market_at in timeframes.closes_between(timeframe, after=first - US, until=clock.ends_at - US):
            due_at = replay_clock.wall_time(clock, market_at, lap)
            if due_at <= until:
                found.append(CandleClose(market_at, lap, due_at))
    due = replay_clock.closes(clock, timeframe, clock.anchor_at - DAY, until, limit=20)
    assert due.closes == tuple(found[-20:])
    assert due.dropped == max(0, len(found) - 20)
