"""When a schedule falls due on the wall clock: every so many seconds, or by a crontab in a time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A schedule that was asleep for years must not keep a tick busy: only this many are looked at.
LIMIT = 200
FIRST_LOOK_BACK = timedelta(days=1)
MINUTE = timedelta(minutes=1)
FIELDS = 5
# No clock is set forward or back by more than this at once.
LONGEST_SHIFT = timedelta(hours=3)


def every(seconds: int, *, after: datetime, until: datetime) -> list[datetime]:
    """Return the newest LIMIT whole multiples of *seconds* since the epoch with after < t ≤ until.

    Raises:  ValueError if *seconds* is below 1.
    """
    if seconds < 1:
        raise ValueError(f"every_s={seconds} must be at least 1")
    step = timedelta(seconds=seconds)
    last = (until - EPOCH) // step
    first = max((after - EPOCH) // step + 1, last - LIMIT + 1)
    return [EPOCH + step * index for index in range(first, last + 1)]


def crontab(expression: str, timezone: str, *, after: datetime, until: datetime) -> list[datetime]:
    """Return the newest LIMIT times of *expression* in *timezone* with after < t ≤ until, in UTC.

    A crontab that names its hours (2, 1-5, */6) fires once for each time it names: the first time
    where clocks go back and the time happens twice, and at the jump where they go forward and it
    does not happen. One whose hour is * fires whenever the wall clock shows the minute: in both
    hours of the autumn's two, and not in the one that the spring leaves out.

    Raises:  ValueError naming what is wrong with the expression or the zone.
    """
    zone = check_crontab(expression, timezone)
    look_back = FIRST_LOOK_BACK
    while True:
        start = after if until - after <= look_back else until - look_back
        due = _between(expression, zone, start, until)
        if start == after or len(due) >= LIMIT:
            return due[-LIMIT:]
        look_back *= 30


def _between(expression: str, zone: ZoneInfo, after: datetime, until: datetime) -> list[datetime]:
    # The library walks the face of the clock only; in zones that shift by half an hour it passes over times.
    first = (after - _slack(after, zone)).astimezone(zone).replace(tzinfo=None)
    last = (until + _slack(until, zone)).astimezone(zone).replace(tzinfo=None)
    is_hourly = expression.split()[1] == "*"
    due: set[datetime] = set()
    for shown in CronSim(expression, first):
        if shown > last:
            break
        due.update(at for at in _moments(shown, zone, is_hourly=is_hourly) if after < at <= until)
    return sorted(due)


def _slack(at: datetime, zone: ZoneInfo) -> timedelta:
    """Return how far around *at* the face of the clock may run in another order than time does."""
    before, after = (at - LONGEST_SHIFT).astimezone(zone), (at + LONGEST_SHIFT).astimezone(zone)
    return LONGEST_SHIFT if before.utcoffset() != after.utcoffset() else timedelta(0)


def _moments(shown: datetime, zone: ZoneInfo, *, is_hourly: bool) -> Iterator[datetime]:
    """Yield when clocks in *zone* show *shown*, as far as a crontab means it."""
    first, second = _both(shown, zone)
    if first == second:
        yield first
    elif first < second:  # it happens twice
        yield first
        if is_hourly:
            yield second
    elif not is_hourly:  # it does not happen: the next minute that does is the jump's
        while first > second:
            shown += MINUTE
            first, second = _both(shown, zone)
        yield first


def _both(shown: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return *shown* by the offset before a change of clocks, and by that after it; mostly the same."""
    return (
        shown.replace(tzinfo=zone, fold=0).astimezone(UTC),
        shown.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


def check_crontab(expression: str, timezone: str) -> ZoneInfo:
    """Return the zone if both parts of a crontab can be used.

    Raises:  ValueError.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, "Europe"
        raise ValueError(f"timezone={timezone!r} is not known; give one such as Europe/Berlin") from error
    fields = len(expression.split())
    if fields != FIELDS:
        raise ValueError(
            f"crontab={expression!r} cannot be read (it has {fields} fields); "
            "give five: minute, hour, day, month, weekday"
        )
    try:
        CronSim(expression, EPOCH)
    except CronSimError as error:
        raise ValueError(
            f"crontab={expression!r} cannot be read ({error}); give five: minute, hour, day, month, weekday"
        ) from error
    return zone
