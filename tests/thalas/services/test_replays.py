"""The replay goes on after a pause where it had stopped: no candle is passed over, none is shown twice."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from providers.markets import timeframes
from providers.markets.types import Span
from tests import seeds
from thalas import models
from thalas.selectors import markets
from thalas.services import replays, schedules

pytestmark = pytest.mark.usefixtures("house")

SPAN = Span(seeds.moment(2019, 1, 1), seeds.moment(2019, 1, 21))
DAY = timedelta(days=1)
START = seeds.moment(2026, 3, 4)


def fresh(name: str = "majors-daily") -> models.Schedule:
    """Return the schedule *name* as if it had never ticked, with a replay that begins at START."""
    models.Slot.objects.all().delete()
    models.ReplayTape.objects.all().delete()
    models.Schedule.objects.update(starts_at=START - DAY, ticked_at=None)
    return models.Schedule.objects.get(pk=name)


def looked(at: datetime, name: str = "majors-daily") -> None:
    """Note that schedule *name* was looked at for the last time at *at*."""
    models.Schedule.objects.filter(pk=name).update(ticked_at=at)


def closes_seen() -> list[tuple[int, datetime]]:
    """Return (lap, market time) of every slot there is, in the order in which they fell due."""
    return [(slot.lap, slot.market_at) for slot in models.Slot.objects.order_by("due_at") if slot.market_at]


def closes_expected(count: int, first: datetime = SPAN.starts_at) -> list[tuple[int, datetime]]:
    """Return the first *count* daily closes from *first* on, over all laps; the end of SPAN is none."""
    days = (SPAN.ends_at - SPAN.starts_at) // DAY
    offset = (first - SPAN.starts_at) // DAY
    return [((offset + n) // days, SPAN.starts_at + ((offset + n) % days) * DAY) for n in range(count)]


def test_the_first_time_the_tape_begins_at_its_start() -> None:
    fresh()
    tape = replays.resume(SPAN, speed=1440.0, now=START)
    assert (tape.market_anchor_at, tape.lap, tape.anchor_at) == (SPAN.starts_at, 0, START)


def test_a_night_with_the_machine_off_is_no_market_time() -> None:
    # At 1440 an hour of wall time is 60 days of market; looked at for the last time at 90 s: 1.5 days in.
    fresh()
    replays.resume(SPAN, speed=1440.0, now=START)
    looked(START + timedelta(seconds=90))
    tape = replays.resume(SPAN, speed=1440.0, now=START + timedelta(hours=9))
    assert tape.market_anchor_at - (SPAN.starts_at + 1.5 * DAY) <= timedelta(seconds=1)
    assert tape.market_anchor_at >= SPAN.starts_at + 1.5 * DAY


def test_a_new_recording_begins_a_new_lap_at_its_start() -> None:
    fresh()
    replays.resume(SPAN, speed=1440.0, now=START)
    longer = Span(SPAN.starts_at, SPAN.ends_at + DAY)
    tape = replays.resume(longer, speed=1440.0, now=START + timedelta(hours=1))
    assert (tape.market_anchor_at, tape.lap) == (SPAN.starts_at, 1)


def test_resuming_twice_before_anyone_looked_passes_over_nothing() -> None:
    schedule = fresh()
    for second in range(3):
        replays.resume(SPAN, speed=1440.0, now=START + timedelta(seconds=second))
    schedules.tick(schedule.pk, now=START + timedelta(seconds=2))
    assert closes_seen() == closes_expected(1)


def test_a_candle_that_was_fired_in_the_moment_of_the_pause_is_not_fired_again() -> None:
    # At one day a second the close of day 3 falls due at 3 s sharp, is fired, and then all stops.
    schedule = fresh()
    replays.resume(SPAN, speed=86_400.0, now=START)
    for second in range(4):
        schedules.tick(schedule.pk, now=START + timedelta(seconds=second))
    replays.resume(SPAN, speed=86_400.0, now=START + timedelta(hours=1))
    schedules.tick(schedule.pk, now=START + timedelta(hours=1, seconds=1))
    assert closes_seen() == closes_expected(5)


def test_a_tick_that_dies_before_it_has_fired_loses_no_candle(monkeypatch: pytest.MonkeyPatch) -> None:
    # What was looked at is marked after it was fired: a tick that dies in between leaves no mark.
    schedule = fresh()
    replays.resume(SPAN, speed=8_640.0, now=START)  # a day in ten seconds

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    schedules.tick(schedule.pk, now=START + timedelta(seconds=1))
    with monkeypatch.context() as patch:
        patch.setattr(models.Slot, "save", die)
        with pytest.raises(KeyboardInterrupt):
            schedules.tick(schedule.pk, now=START + timedelta(seconds=12))
    replays.resume(SPAN, speed=8_640.0, now=START + timedelta(hours=1))
    for second in range(0, 30, 2):
        schedules.tick(schedule.pk, now=START + timedelta(hours=1, seconds=second))
    assert closes_seen() == closes_expected(3)  # the look at 0 s counts, then 28 s are played: 0, 10 and 20 s


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking asks the database for minutes
)
@given(
    speed=st.sampled_from([1440.0, 86_400.0, 43_200.0, 12_345.678, 700_000.0]),
    lives=st.lists(
        st.tuples(
            st.integers(min_value=0, max_value=20),  # ticks before the pause
            st.integers(min_value=1, max_value=3_000_000),  # microseconds between them
            st.integers(min_value=0, max_value=10**10),  # microseconds of pause
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_over_any_pauses_every_close_has_one_slot_in_order(
    speed: float, lives: list[tuple[int, int, int]]
) -> None:
    schedule = fresh()
    # Nothing to ask about: what is fired here is a slot without a run, which costs little.
    models.Watchlist.objects.update(symbols=[])
    now = START
    for ticks, step_us, pause_us in lives:
        replays.resume(SPAN, speed=speed, now=now)
        for _ in range(ticks):
            schedules.tick(schedule.pk, now=now)
            now += timedelta(microseconds=step_us)
        now += timedelta(microseconds=pause_us)
    seen = closes_seen()
    assert seen == closes_expected(len(seen))


# --- several schedules on one tape ---------------------------------------------------------------


def two() -> tuple[str, str]:
    """Enable both declared schedules, a daily and an hourly one, as if they had never ticked."""
    fresh()
    models.Watchlist.objects.update(symbols=[])
    models.Schedule.objects.update(is_enabled=True)
    return "majors-daily", "bitcoin-hourly"


def seen_by(name: str) -> list[tuple[int, datetime]]:
    """Return (lap, market time) of the slots of schedule *name*, in the order in which they fell due."""
    slots = models.Slot.objects.filter(schedule=name).order_by("due_at")
    return [(slot.lap, slot.market_at) for slot in slots if slot.market_at]


def hourly(count: int) -> list[tuple[int, datetime]]:
    """Return the first *count* hourly closes, over all laps; the end of SPAN is none."""
    hours = (SPAN.ends_at - SPAN.starts_at) // timedelta(hours=1)
    return [(n // hours, SPAN.starts_at + timedelta(hours=n % hours)) for n in range(count)]


def test_a_stop_between_the_looks_of_two_schedules_loses_neither_its_candle_and_doubles_none() -> None:
    # A day in ten seconds. The close of day 1 falls due at 10 s; the daily one looks at 9 s, then all stops.
    daily, other = two()
    replays.resume(SPAN, speed=8_640.0, now=START)
    schedules.tick(daily, now=START + timedelta(seconds=9))
    schedules.tick(other, now=START + timedelta(seconds=11))
    later = START + timedelta(hours=9)
    replays.resume(SPAN, speed=8_640.0, now=later)
    for second in range(1, 12, 2):
        for name in (daily, other):
            schedules.tick(name, now=later + timedelta(seconds=second))
    assert seen_by(daily) == closes_expected(2 + 1)
    # 9 s before the stop and 11 s after it: 48 closes, and the one at the start.
    assert seen_by(other) == hourly(49)


def test_a_schedule_that_nothing_ticks_holds_up_nobody_and_its_candles_are_kept_as_missed() -> None:
    daily, other = two()
    replays.resume(SPAN, speed=8_640.0, now=START)
    schedules.tick(other, now=START + timedelta(seconds=1))
    for second in range(0, 101, 4):
        schedules.tick(daily, now=START + timedelta(seconds=second))
    tape = replays.resume(SPAN, speed=8_640.0, now=START + timedelta(hours=9))
    assert tape.market_anchor_at >= SPAN.starts_at + 10 * DAY
    left = models.Slot.objects.filter(schedule=other, state="missed")
    assert (
        left.filter(reason__startswith="its time passed while nothing ticked; policy latest").count() >= 200
    )
    schedules.tick(other, now=START + timedelta(hours=9, seconds=5))
    newest = 10 * 24 + 5 * 24 // 10
    assert seen_by(other)[-200:] == hourly(newest + 1)[-200:]
    oldest = left.order_by("due_at")[2]
    assert "nor what came due earlier" in oldest.reason


def test_a_disabled_schedule_holds_up_nobody_and_misses_nothing() -> None:
    daily, other = two()
    models.Schedule.objects.filter(pk=other).update(is_enabled=False)
    replays.resume(SPAN, speed=8_640.0, now=START)
    for second in range(0, 101, 4):
        schedules.tick(daily, now=START + timedelta(seconds=second))
    tape = replays.resume(SPAN, speed=8_640.0, now=START + timedelta(hours=9))
    assert tape.market_anchor_at >= SPAN.starts_at + 10 * DAY
    assert not models.Slot.objects.filter(schedule=other).exists()


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    speed=st.sampled_from([1440.0, 12_345.678, 43_200.0]),
    lives=st.lists(
        st.tuples(
            st.lists(
                st.tuples(st.booleans(), st.integers(1, 3_000_000)), max_size=20
            ),  # who looks, µs until then
            st.integers(0, 10**10),  # microseconds of pause
        ),
        min_size=1,
        max_size=5,
    ),
)
def test_over_any_pauses_and_looks_of_two_schedules_each_has_every_close_once_in_order(
    speed: float, lives: list[tuple[list[tuple[bool, int]], int]]
) -> None:
    daily, other = two()
    now = START
    for looks, pause_us in lives:
        replays.resume(SPAN, speed=speed, now=now)
        for is_daily, step_us in looks:
            now += timedelta(microseconds=step_us)
            schedules.tick(daily if is_daily else other, now=now)
        now += timedelta(microseconds=pause_us)
    for name, expected in ((daily, closes_expected), (other, hourly)):
        seen = seen_by(name)
        assert seen == expected(len(seen)), name


def test_a_tape_that_is_set_up_anew_shows_candles_that_no_schedule_has_had() -> None:
    schedule = fresh()
    replays.resume(SPAN, speed=86_400.0, now=START)
    schedules.tick(schedule.pk, now=START + timedelta(seconds=5))
    models.ReplayTape.objects.all().delete()
    tape = replays.resume(SPAN, speed=86_400.0, now=START + timedelta(seconds=9))
    assert (tape.market_anchor_at, tape.lap) == (SPAN.starts_at, 1)
    schedules.tick(schedule.pk, now=START + timedelta(seconds=9))
    assert closes_seen()[-1] == (1, SPAN.starts_at)


def test_what_the_tape_shows_is_what_the_market_is_asked_for() -> None:
    fresh()
    replays.resume(markets.market().span(), speed=1.0, now=START)
    brief = markets.snapshot(["BTC/USD"], "1d", now=START)
    assert brief.markets[0].closed_at <= brief.as_of
    assert brief.as_of - brief.markets[0].closed_at < timeframes.length("1d")
