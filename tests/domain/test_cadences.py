"""When a schedule falls due: on multiples of its interval, or by a crontab through both clock changes."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.seeds import moment
from thalas.domain import cadences

HOUR = timedelta(hours=1)


def ticked(expression: str, timezone: str, year: int = 2026) -> list[datetime]:
    """Return everything due over *year* (UTC) when it is looked at once an hour."""
    due: list[datetime] = []
    after, end = moment(year, 1, 1), moment(year + 1, 1, 1)
    while after < end:
        until = after + HOUR
        due += cadences.crontab(expression, timezone, after=after, until=until)
        after = until
    return due


# --- intervals -----------------------------------------------------------------------------------


def test_an_interval_is_half_open_so_that_neighbours_share_nothing() -> None:
    ten, twenty = moment(2026, 3, 4, 0, 0, 10), moment(2026, 3, 4, 0, 0, 20)
    assert cadences.every(10, after=ten, until=twenty) == [twenty]
    assert cadences.every(10, after=ten, until=twenty - timedelta(microseconds=1)) == []
    assert cadences.every(10, after=ten - timedelta(microseconds=1), until=twenty) == [ten, twenty]


@pytest.mark.parametrize("seconds", [0, -1])
def test_an_interval_below_a_second_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match=f"every_s={seconds} must be at least 1"):
        cadences.every(seconds, after=moment(2026, 3, 4), until=moment(2026, 3, 5))


def test_only_the_newest_two_hundred_are_looked_at() -> None:
    until = moment(2026, 3, 4)
    due = cadences.every(1, after=moment(2020, 1, 1), until=until)
    assert (len(due), due[-1], due[0]) == (200, until, until - timedelta(seconds=199))


@given(
    seconds=st.integers(1, 100_000),
    start=st.integers(0, 4 * 10**9),
    lengths=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=6),
)
def test_looking_in_pieces_finds_what_looking_once_finds(
    seconds: int, start: int, lengths: list[int]
) -> None:
    begin = cadences.EPOCH + timedelta(seconds=start)
    pieces, after = [], begin
    for length in lengths:
        until = after + min(timedelta(seconds=length), timedelta(seconds=seconds) * cadences.LIMIT)
        pieces += cadences.every(seconds, after=after, until=until)
        after = until
    whole = (after - cadences.EPOCH) // timedelta(seconds=seconds) - start // seconds
    assert len(pieces) == whole
    assert pieces == sorted(set(pieces))
    assert all((at - cadences.EPOCH) % timedelta(seconds=seconds) == timedelta(0) for at in pieces)
    assert all(begin < at <= after for at in pieces)


# --- crontabs ------------------------------------------------------------------------------------

ZONES = ["Europe/Berlin", "America/New_York"]


@pytest.mark.parametrize("timezone", ZONES)
@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (1, 30), (3, 30), (12, 0), (23, 45)])
def test_a_time_that_exists_once_a_day_is_due_once_a_day_over_a_year(
    timezone: str, hour: int, minute: int
) -> None:
    # In New York 1:30 happens twice on 1 November 2026; it is due once all the same.
    due = ticked(f"{minute} {hour} * * *", timezone)
    local = [at.astimezone(ZoneInfo(timezone)) for at in due]
    days = Counter(at.date() for at in local)
    assert set(days.values()) == {1}
    assert len(days) == 365
    assert {(at.hour, at.minute) for at in local} == {(hour, minute)}


@pytest.mark.parametrize(
    ("timezone", "day", "expression"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "30 2 * * *"),  # 2:00 to 3:00 does not exist
        ("America/New_York", date(2026, 3, 8), "30 2 * * *"),
    ],
)
def test_a_time_that_the_spring_swallows_is_due_once_at_the_jump(
    timezone: str, day: date, expression: str
) -> None:
    due = [at.astimezone(ZoneInfo(timezone)) for at in ticked(expression, timezone)]
    on_the_day = [at for at in due if at.date() == day]
    assert [(at.hour, at.minute) for at in on_the_day] == [(3, 0)]
    assert set(Counter(at.date() for at in due).values()) == {1}
    assert len(due) == 365


@pytest.mark.parametrize(
    ("timezone", "day", "hour"),
    [("Europe/Berlin", date(2026, 10, 25), 2), ("America/New_York", date(2026, 11, 1), 1)],
)
def test_a_time_that_the_autumn_repeats_is_due_once(timezone: str, day: date, hour: int) -> None:
    due = [at.astimezone(ZoneInfo(timezone)) for at in ticked(f"30 {hour} * * *", timezone)]
    assert [(at.hour, at.minute) for at in due if at.date() == day] == [(hour, 30)]
    assert len(due) == 365


@pytest.mark.parametrize("expression", ["0,15,30 2 * * *", "*/15 2 * * *", "0 2-3 29 3 *"])
def test_several_times_that_the_spring_swallows_are_due_once_together(expression: str) -> None:
    # On 29 March 2026 in Berlin 2:00 to 3:00 does not exist; the jump is at 1:00 UTC.
    day = (moment(2026, 3, 29), moment(2026, 3, 29, 12))
    due = cadences.crontab(expression, "Europe/Berlin", after=day[0], until=day[1])
    assert due == [moment(2026, 3, 29, 1)]


def test_a_crontab_for_every_hour_follows_the_clock_on_the_wall() -> None:
    # Half past each hour in Berlin: not in the hour that the spring leaves out, in both that the autumn has.
    spring = cadences.crontab(
        "30 * * * *", "Europe/Berlin", after=moment(2026, 3, 29), until=moment(2026, 3, 29, 3)
    )
    assert spring == [moment(2026, 3, 29, hour, 30) for hour in (0, 1, 2)]  # 1:30, 3:30 and 4:30
    autumn = cadences.crontab(
        "30 * * * *", "Europe/Berlin", after=moment(2026, 10, 25), until=moment(2026, 10, 25, 3)
    )
    assert autumn == [moment(2026, 10, 25, hour, 30) for hour in (0, 1, 2)]  # 2:30, 2:30 and 3:30


def test_where_clocks_shift_by_half_an_hour_no_time_is_passed_over() -> None:
    # Lord Howe: on 5 April 2026 at 15:00 UTC 2:00 becomes 1:30; on 3 October at 15:30 UTC 2:00 becomes 2:30.
    def due(expression: str, first: datetime) -> list[str]:
        found = cadences.crontab(expression, "Australia/Lord_Howe", after=first, until=first + 6 * HOUR)
        return [f"{at:%H:%M}" for at in found]

    autumn, spring = moment(2026, 4, 4, 12), moment(2026, 10, 3, 12)
    assert due("*/10 2 * * *", autumn) == ["15:30", "15:40", "15:50", "16:00", "16:10", "16:20"]
    assert due("45 1 * * *", autumn) == ["14:45"]
    assert due("15 2 * * *", spring) == ["15:30"]
    assert due("*/10 2 * * *", spring) == ["15:30", "15:40", "15:50"]


@pytest.mark.parametrize("timezone", [*ZONES, "UTC", "Asia/Kolkata"])
def test_every_hour_is_due_at_each_hour_of_the_year(timezone: str) -> None:
    # 365 × 24 = 8,760 hours pass, whatever the clocks on the wall say.
    due = ticked("0 * * * *", timezone)
    assert len(due) == len(set(due)) == 8_760


@given(
    minutes=st.lists(st.integers(1, 20_000), min_size=1, max_size=8),
    start=st.integers(0, 365 * 24 * 60),
    timezone=st.sampled_from(ZONES),
    expression=st.sampled_from(["30 2 * * *", "15 */6 * * *", "0 9 * * 1-5", "30 1 * * *"]),
)
def test_a_crontab_looked_at_in_pieces_finds_what_looking_once_finds(
    minutes: list[int], start: int, timezone: str, expression: str
) -> None:
    begin = moment(2026, 1, 1) + timedelta(minutes=start)
    pieces, after = [], begin
    for length in minutes:
        until = after + timedelta(minutes=length)
        pieces += cadences.crontab(expression, timezone, after=after, until=until)
        after = until
    whole = cadences.crontab(expression, timezone, after=begin, until=after)
    assert pieces[-cadences.LIMIT :] == whole[-cadences.LIMIT :]


def test_due_times_are_in_utc_and_oldest_first() -> None:
    due = cadences.crontab(
        "0 9 * * 1-5", "Europe/Berlin", after=moment(2026, 3, 4), until=moment(2026, 3, 11)
    )
    assert all(at.tzinfo is UTC for at in due)
    assert due == [moment(2026, 3, day, 8) for day in (4, 5, 6, 9, 10)]


@pytest.mark.parametrize(
    ("expression", "timezone", "told"),
    [
        ("0 9 * *", "UTC", r"crontab='0 9 \* \*' cannot be read"),
        ("0 0 30 2 *", "UTC", r"crontab='0 0 30 2 \*' cannot be read"),
        (
            "0 0 9 * * *",
            "UTC",
            r"crontab='0 0 9 \* \* \*' cannot be read \(it has 6 fields\); give five: minute",
        ),
        ("@daily", "UTC", r"crontab='@daily' cannot be read \(it has 1 fields\); give five: minute"),
        ("0 9 * * *", "Europe", "timezone='Europe' is not known; give one such as Europe/Berlin"),
        ("99 * * * *", "UTC", r"crontab='99 \* \* \* \*' cannot be read"),
        ("0 9 * * *", "Mars/Olympus", "timezone='Mars/Olympus' is not known"),
        ("0 9 * * *", "../etc/passwd", r"timezone='\.\./etc/passwd' is not known"),
        ("0 9 * * *", "", "timezone='' is not known"),
    ],
)
def test_a_crontab_that_cannot_be_used_says_what_is_wrong(expression: str, timezone: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        cadences.crontab(expression, timezone, after=moment(2026, 3, 4), until=moment(2026, 3, 5))


@given(
    expression=st.text(alphabet="0123456789*/-,#LW SUN\tx", max_size=14).map(lambda text: text + " * * *"),
    timezone=st.sampled_from(["UTC", "Europe", "Europe/Berlin", "\0", "zone1970.tab", "A" * 300]),
)
def test_whatever_is_typed_is_read_or_refused_in_words(expression: str, timezone: str) -> None:
    begin = moment(2026, 3, 4)
    try:
        cadences.crontab(expression, timezone, after=begin, until=begin + HOUR)
    except ValueError as error:
        told = str(error)
    else:
        told = "give nothing else"
    assert "give " in told


def test_only_the_newest_two_hundred_times_of_a_crontab_are_looked_at() -> None:
    until = moment(2026, 3, 4)
    due = cadences.crontab("* * * * *", "Europe/Berlin", after=moment(2016, 1, 1), until=until)
    assert due == [until - timedelta(minutes=n) for n in reversed(range(200))]
    rare = cadences.crontab("0 0 29 2 *", "UTC", after=moment(1990, 1, 1), until=until)
    assert [at.year for at in rare] == [1992, 1996, 2000, 2004, 2008, 2012, 2016, 2020, 2024]
