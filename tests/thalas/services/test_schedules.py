"""Every moment a schedule comes due has one slot, whoever looks, however often, and however late."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import JSONField, Value

from providers.errors import MarketUnavailable
from providers.markets.replay import ReplayMarket
from providers.voters.types import SymbolBrief
from tests import seeds
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.threads import at_once
from thalas import models
from thalas.domain import briefs
from thalas.errors import BadInput, NotFound
from thalas.selectors import clock, markets
from thalas.selectors.slots import due_since
from thalas.services import closings, schedules

START = seeds.moment(2026, 3, 4, 12)
HOUR = timedelta(hours=1)


def every_hour(**changes: object) -> models.Schedule:
    """Make a schedule that comes due at every whole hour from START on."""
    fields: dict[str, object] = {
        "cadence": "interval",
        "every_s": 3600,
        "timeframe": "1d",
        "watchlist_id": "bitcoin",
        "starts_at": START,
        "why": "a test",
    }
    return models.Schedule.objects.create(name="hourly", **{**fields, **changes})


def slots(name: str = "hourly") -> list[tuple[int, str]]:
    """Return (whole hours since START, state) of each slot, oldest first."""
    found = models.Slot.objects.filter(schedule=name).order_by("due_at")
    return [((slot.due_at - START) // HOUR, slot.state) for slot in found]


def close_all(now: datetime) -> None:
    for run in models.Run.objects.filter(state="open"):
        closings.close_run(run.pk, by="guard", reason="a test", now=now)


# --- ticking -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_slot_fires_once_however_often_it_is_ticked() -> None:
    every_hour()
    assert schedules.tick("hourly", now=START + HOUR - timedelta(seconds=1)) == []
    assert [slot.state for slot in schedules.tick("hourly", now=START + HOUR)] == ["fired"]
    for second in range(5):
        assert schedules.tick("hourly", now=START + HOUR + timedelta(seconds=second)) == []
    run = models.Run.objects.get()
    assert (run.kind, run.requested_by, run.symbols) == ("scan", "schedule hourly", ["BTC/USD"])
    assert models.Slot.objects.get(schedule="hourly").run == run


@pytest.mark.usefixtures("shared_house")
def test_eight_ticks_at_once_make_one_slot_and_one_run() -> None:
    every_hour(overlap="allow")
    for hour in range(1, 9):
        now = START + hour * HOUR
        made = at_once(*[lambda n=now: len(schedules.tick("hourly", now=n))] * 8)
        assert sum(made) == 1
    assert slots() == [(hour, "fired") for hour in range(1, 9)]
    assert models.Run.objects.count() == 8
    assert models.Vote.objects.count() == 8 * 5


@pytest.mark.usefixtures("shared_house")
def test_ticks_at_once_after_an_absence_make_each_slot_once_and_fire_the_newest() -> None:
    every_hour()
    made = at_once(*[lambda: len(schedules.tick("hourly", now=START + 6 * HOUR))] * 4)
    assert sum(made) == 6
    assert slots() == [(hour, "missed") for hour in range(1, 6)] + [(6, "fired")]


@pytest.mark.usefixtures("house")
def test_the_database_refuses_a_second_slot_for_the_same_moment() -> None:
    slot = {"schedule": every_hour(), "due_at": START, "created_at": START}
    models.Slot.objects.create(**slot, state="fired")
    with pytest.raises(IntegrityError), transaction.atomic():
        models.Slot.objects.create(**slot, state="missed")


@pytest.mark.usefixtures("shared_house")
def test_ticks_at_once_for_different_due_times_leave_one_run_open() -> None:
    # One tick read the clock just before the hour passed, the others just after; a person scans as well.
    every_hour()
    for round_ in range(8):
        early, late = START + (2 * round_ + 1) * HOUR, START + (2 * round_ + 2) * HOUR

        def tick(now: datetime) -> int:
            return len(schedules.tick("hourly", now=now))

        def scan(now: datetime = late) -> int:
            return int(schedules.scan("hourly", now=now)[1])

        at_once(lambda e=early: tick(e), lambda n=late: tick(n), scan, lambda e=early: tick(e))  # type: ignore[misc]
        assert models.Run.objects.filter(state="open").count() == 1
        close_all(late)
    assert [hour for hour, _ in slots()] == list(range(1, 17))
    skipped = models.Slot.objects.filter(schedule="hourly", state="skipped")
    assert {slot.reason for slot in skipped} <= {"the last run of this schedule is still open"}
    assert models.Run.objects.count() == models.Slot.objects.filter(state="fired").count() == 8


@pytest.mark.usefixtures("shared_house")
def test_the_market_is_read_before_anything_is_locked(monkeypatch: pytest.MonkeyPatch) -> None:
    locked: list[bool] = []

    class Slow(ReplayMarket):
        def candles(self, *args: object, **kwargs: object):  # type: ignore[no-untyped-def]
            locked.append(connection.in_atomic_block)
            return super().candles(*args, **kwargs)  # type: ignore[arg-type]

    slow = Slow()
    monkeypatch.setattr(markets, "market", lambda: slow)
    every_hour(overlap="allow")
    schedules.tick("hourly", now=START + HOUR)
    schedules.scan("hourly", now=START + 2 * HOUR)
    assert slots() == [(1, "fired"), (2, "fired")]
    assert locked == [False, False]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("may", [True, False])
def test_whether_its_runs_may_close_early_is_the_schedules_choice(may: bool) -> None:
    every_hour(may_close_early=may)
    schedules.tick("hourly", now=START + HOUR)
    assert models.Run.objects.get().may_close_early is may


@pytest.mark.usefixtures("house")
def test_by_which_method_its_runs_decide_is_the_schedules_choice() -> None:
    every_hour(method="log_opinion_pool")
    schedules.tick("hourly", now=START + HOUR)
    assert models.Run.objects.get().method == "log_opinion_pool"


@pytest.mark.usefixtures("house")
def test_slots_missed_while_nothing_ticked_are_kept_with_the_reason_and_the_newest_is_fired() -> None:
    every_hour()
    schedules.tick("hourly", now=START + HOUR)
    close_all(START + HOUR)
    schedules.tick("hourly", now=START + 4.5 * HOUR)
    assert slots() == [(1, "fired"), (2, "missed"), (3, "missed"), (4, "fired")]
    missed = models.Slot.objects.filter(schedule="hourly", state="missed").first()
    assert missed is not None
    assert missed.reason == "its time passed while nothing ticked; policy latest does not run it"
    assert missed.run is None


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(("late_s", "state"), [(30, "fired"), (31, "missed")])
def test_the_policy_skip_runs_a_slot_only_within_its_deadline(late_s: int, state: str) -> None:
    every_hour(missed="skip", deadline_s=30.0)
    schedules.tick("hourly", now=START + HOUR + timedelta(seconds=late_s))
    assert slots() == [(1, state)]


@pytest.mark.usefixtures("house")
def test_while_the_last_run_is_open_the_next_slot_is_skipped_with_the_reason() -> None:
    every_hour()
    schedules.tick("hourly", now=START + HOUR)
    schedules.tick("hourly", now=START + 2 * HOUR)
    close_all(START + 2 * HOUR)
    schedules.tick("hourly", now=START + 3 * HOUR)
    assert slots() == [(1, "fired"), (2, "skipped"), (3, "fired")]
    skipped = models.Slot.objects.get(schedule="hourly", state="skipped")
    assert skipped.reason == "the last run of this schedule is still open"
    assert models.Run.objects.count() == 2


@pytest.mark.usefixtures("house")
def test_a_schedule_that_allows_overlap_runs_beside_its_last_run() -> None:
    every_hour(overlap="allow")
    for hour in (1, 2):
        schedules.tick("hourly", now=START + hour * HOUR)
    assert slots() == [(1, "fired"), (2, "fired")]


@pytest.mark.usefixtures("house")
def test_the_open_run_of_another_schedule_does_not_matter() -> None:
    council.opened()
    every_hour()
    schedules.tick("hourly", now=START + HOUR)
    assert slots() == [(1, "fired")]


@pytest.mark.usefixtures("house")
def test_a_disabled_schedule_makes_no_slots() -> None:
    every_hour(is_enabled=False)
    assert schedules.tick("hourly", now=START + 5 * HOUR) == []
    assert slots() == []


@pytest.mark.usefixtures("house")
def test_a_schedule_that_does_not_exist_cannot_tick() -> None:
    with pytest.raises(NotFound, match="there is no schedule nightly"):
        schedules.tick("nightly", now=START)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("symbols", "reason"),
    [
        ([], "symbols=[] cannot be used"),
        (["DOGE/USD"], "symbol='DOGE/USD' cannot be used"),
        (["x" * 400], "symbol='XXX"),
        ("BTC/USD", "watchlist='BTC/USD' cannot be used: give a list of symbols"),
        ([1, None], "watchlist=[1, None] cannot be used"),
        ({"a": 1}, "watchlist={'a': 1} cannot be used"),
        (Value(None, JSONField()), "watchlist=None cannot be used"),
    ],
)
def test_a_watchlist_that_cannot_be_asked_about_gives_a_failed_slot_and_nothing_else(
    symbols: object, reason: str
) -> None:
    every_hour()
    models.Watchlist.objects.filter(pk="bitcoin").update(symbols=symbols)
    assert [slot.state for slot in schedules.tick("hourly", now=START + HOUR)] == ["failed"]
    slot = models.Slot.objects.get(schedule="hourly")
    assert slot.reason.startswith(reason)
    assert len(slot.reason) <= 300
    assert (slot.run, models.Run.objects.count()) == (None, 0)
    assert schedules.tick("hourly", now=START + HOUR) == []


@pytest.mark.usefixtures("house")
def test_a_market_that_cannot_be_read_gives_a_failed_slot_and_nothing_else() -> None:
    every_hour()
    models.ReplayTape.objects.all().delete()
    schedules.tick("hourly", now=START + HOUR)
    slot = models.Slot.objects.get(schedule="hourly")
    assert (slot.state, slot.run) == ("failed", None)
    assert slot.reason.startswith("the replay has no clock yet")
    assert not models.Run.objects.exists()
    assert not models.Brief.objects.exists()


@pytest.mark.usefixtures("house")
def test_candles_without_a_clock_cannot_come_due() -> None:
    models.ReplayTape.objects.all().delete()
    with pytest.raises(MarketUnavailable):
        schedules.tick("majors-daily", now=clock.now())


@pytest.mark.usefixtures("house")
def test_a_schedule_asleep_for_years_keeps_its_newest_two_hundred_slots() -> None:
    every_hour()
    assert len(schedules.tick("hourly", now=START + 20_000 * HOUR)) == 200
    assert slots()[0] == (19_801, "missed")
    assert slots()[-1] == (20_000, "fired")
    reasons = list(models.Slot.objects.order_by("due_at").values_list("reason", flat=True))
    why = "its time passed while nothing ticked; policy latest does not run it"
    assert reasons[0] == (
        f"{why}; nor what came due earlier, after 2026-03-04 12:00:00 UTC, without a row each"
    )
    assert set(reasons[1:-1]) == {why}


@pytest.mark.usefixtures("house")
def test_exactly_two_hundred_slots_are_not_said_to_be_more() -> None:
    every_hour()
    assert len(schedules.tick("hourly", now=START + 200 * HOUR)) == 200
    assert not models.Slot.objects.filter(reason__contains="earlier").exists()


# --- pauses, edits and clocks --------------------------------------------------------------------

CADENCES = [
    {"cadence": "interval", "every_s": 86_400},
    {"cadence": "crontab", "crontab": "0 0 1 1 *", "every_s": None},
    {"cadence": "candle", "every_s": None},
]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("cadence", CADENCES, ids=lambda fields: str(fields["cadence"]))
@pytest.mark.parametrize("is_enabled", [True, False])
def test_every_look_leaves_a_mark_at_most_every_five_seconds(
    cadence: dict[str, object], is_enabled: bool
) -> None:
    schedule = every_hour(**cadence, is_enabled=is_enabled)
    now = clock.now().replace(hour=12, minute=0, second=0, microsecond=0)
    models.Schedule.objects.update(starts_at=now)
    for second, marked in ((0, 0), (2, 0), (5, 0), (6, 6), (8, 6), (12, 12)):
        schedules.tick("hourly", now=now + timedelta(seconds=second))
        schedule.refresh_from_db()
        assert schedule.ticked_at == now + timedelta(seconds=marked)


@pytest.mark.usefixtures("house")
def test_what_passes_while_a_schedule_is_disabled_never_came_due() -> None:
    every_hour()
    schedules.tick("hourly", now=START + HOUR)
    close_all(START + HOUR)
    models.Schedule.objects.filter(pk="hourly").update(is_enabled=False)
    for hour in range(2, 6):
        schedules.tick("hourly", now=START + hour * HOUR + timedelta(minutes=1))
    models.Schedule.objects.filter(pk="hourly").update(is_enabled=True)
    schedules.tick("hourly", now=START + 5.5 * HOUR)
    schedules.tick("hourly", now=START + 6 * HOUR)
    assert slots() == [(1, "fired"), (6, "fired")]


@pytest.mark.usefixtures("house")
def test_a_new_cadence_counts_from_the_last_look_at_the_old_one() -> None:
    every_hour(every_s=86_400)
    for hour in range(13):
        schedules.tick("hourly", now=START + hour * HOUR)
    models.Schedule.objects.filter(pk="hourly").update(every_s=3600)
    close_all(START + 12 * HOUR)
    schedules.tick("hourly", now=START + 13 * HOUR)
    assert slots() == [(12, "fired"), (13, "fired")]


@pytest.mark.usefixtures("house")
def test_a_clock_that_is_set_back_doubles_nothing_and_stops_nothing() -> None:
    every_hour(overlap="allow")
    for hour in range(1, 5):
        schedules.tick("hourly", now=START + hour * HOUR)
    for minutes in range(150, 361, 10):  # back by an hour and a half, then on
        schedules.tick("hourly", now=START + timedelta(minutes=minutes))
    assert slots() == [(hour, "fired") for hour in range(1, 7)]
    assert models.Run.objects.count() == 6


@pytest.mark.usefixtures("house")
def test_a_clock_that_was_wrong_by_weeks_for_one_tick_does_not_silence_a_schedule_for_weeks() -> None:
    every_hour(overlap="allow")
    schedules.tick("hourly", now=START + HOUR)
    schedules.tick("hourly", now=START + 1000 * HOUR)
    for hour in (2, 3):
        schedules.tick("hourly", now=START + hour * HOUR)
    assert slots()[:3] == [(1, "fired"), (2, "fired"), (3, "fired")]


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (
            {"crontab": "0 9 * *", "timezone": "UTC"},
            r"crontab='0 9 \* \*' cannot be read \(it has 4 fields\); give five: minute, hour, day, month",
        ),
        ({"crontab": "0 9 * * *", "timezone": "Europe"}, "timezone='Europe' is not known; give one such as"),
    ],
)
def test_a_crontab_that_cannot_be_read_is_told_and_once_it_is_mended_the_schedule_goes_on(
    fields: dict[str, str], told: str
) -> None:
    every_hour(cadence="crontab", **fields)
    with pytest.raises(BadInput, match="schedule='hourly' cannot be used: " + told):
        schedules.tick("hourly", now=START + HOUR)
    assert slots() == []
    models.Schedule.objects.filter(pk="hourly").update(crontab="0 * * * *", timezone="UTC")
    schedules.tick("hourly", now=START + HOUR)
    assert slots() == [(1, "fired")]


# --- scanning by hand ----------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_a_scan_by_hand_fires_the_newest_slot_once() -> None:
    every_hour()
    slot, is_new = schedules.scan("hourly", now=START + 1.5 * HOUR)
    assert (is_new, slot.state) == (True, "fired")
    again, is_new = schedules.scan("hourly", now=START + 1.7 * HOUR)
    assert (is_new, again) == (False, slot)
    assert again.run == slot.run


@pytest.mark.usefixtures("house")
def test_a_scan_by_hand_keeps_what_was_missed_before_it() -> None:
    every_hour()
    schedules.tick("hourly", now=START + HOUR)
    close_all(START + HOUR)
    schedules.scan("hourly", now=START + 4.5 * HOUR)
    schedules.tick("hourly", now=START + 4.6 * HOUR)
    assert slots() == [(1, "fired"), (2, "missed"), (3, "missed"), (4, "fired")]


@pytest.mark.usefixtures("house")
def test_a_scan_by_hand_fires_however_late_it_is() -> None:
    every_hour(missed="skip", deadline_s=30.0)
    slot, is_new = schedules.scan("hourly", now=START + 1.5 * HOUR)
    assert (is_new, slot.state) == (True, "fired")


@pytest.mark.usefixtures("house")
def test_a_scan_by_hand_while_the_last_run_is_open_is_skipped() -> None:
    every_hour()
    schedules.tick("hourly", now=START + HOUR)
    slot, is_new = schedules.scan("hourly", now=START + 2 * HOUR)
    assert (is_new, slot.state, slot.run) == (True, "skipped", None)


@pytest.mark.usefixtures("house")
def test_a_scan_where_nothing_has_come_due_makes_now_the_slot() -> None:
    every_hour(starts_at=START + timedelta(days=30), every_s=10**9)
    slot, is_new = schedules.scan("hourly", now=START)
    assert (is_new, slot.due_at, slot.state) == (True, START, "fired")


@pytest.mark.usefixtures("house")
def test_a_scan_of_a_schedule_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(BadInput) as caught:
        schedules.scan("nightly", now=START)
    assert str(caught.value) == "schedule='nightly' cannot be used: schedules: bitcoin-hourly, majors-daily"


@pytest.mark.usefixtures("shared_house")
def test_a_tick_and_a_scan_at_once_open_one_run() -> None:
    every_hour(overlap="allow")
    for hour in range(1, 7):
        now = START + hour * HOUR

        def tick(now: datetime = now) -> bool:
            return bool(schedules.tick("hourly", now=now))

        def scan(now: datetime = now) -> bool:
            return schedules.scan("hourly", now=now)[1]

        at_once(tick, scan, tick, scan)
    assert slots() == [(hour, "fired") for hour in range(1, 7)]
    assert models.Run.objects.count() == 6


# --- candles -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_over_the_end_of_the_tape_every_candle_fires_once_in_order() -> None:
    # A tape of five days at a day a second, looked at every 0.4 s for 12 s: closes at 0, 1, … 12 s.
    first = seeds.moment(2019, 1, 1)
    models.ReplayTape.objects.update(
        anchor_at=START,
        market_anchor_at=first,
        starts_at=first,
        ends_at=first + timedelta(days=5),
        speed=86_400.0,
        lap=0,
    )
    models.Schedule.objects.update(overlap="allow", starts_at=START - HOUR)
    models.Watchlist.objects.update(symbols=["BTC/USD"])
    for tick in range(31):
        schedules.tick("majors-daily", now=START + timedelta(seconds=0.4 * tick))
    made = models.Slot.objects.filter(schedule="majors-daily").order_by("due_at")
    assert [(slot.lap, slot.market_at) for slot in made] == [
        (n // 5, first + timedelta(days=n % 5)) for n in range(13)
    ]
    assert {slot.state for slot in made} == {"fired"}
    laps = [market.lap for slot in made if slot.run for market in _markets(slot.run)]
    assert laps == [n // 5 for n in range(13)]


def _markets(run: models.Run) -> list[SymbolBrief]:
    return list(briefs.decode(run.brief.payload).markets)


# --- the wall clock ------------------------------------------------------------------------------


@pytest.mark.usefixtures("house")
def test_an_interval_fires_on_whole_multiples_since_the_epoch() -> None:
    schedule = every_hour(every_s=900)
    due = due_since(schedule, START, until=START + HOUR)
    assert [item.due_at for item in due] == [START + timedelta(minutes=15 * n) for n in (1, 2, 3, 4)]


@pytest.mark.usefixtures("house")
def test_a_crontab_fires_in_its_own_time_zone() -> None:
    # 9:30 in New York is 14:30 UTC in winter and 13:30 from 8 March 2026 on.
    schedule = every_hour(cadence="crontab", crontab="30 9 * * *", timezone="America/New_York")
    due = due_since(schedule, datetime(2026, 3, 7, tzinfo=UTC), until=datetime(2026, 3, 9, tzinfo=UTC))
    assert [item.due_at for item in due] == [
        seeds.moment(2026, 3, 7, 14, 30),
        seeds.moment(2026, 3, 8, 13, 30),
    ]
