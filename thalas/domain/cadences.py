"""When a schedule falls due on the wall clock: every so many seconds, or by a crontab in a time zone."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A schedule that was asleep for years must not keep a tick busy: only this many are looked at.
LIMIT = 200
FIRST_LOOK_BACK = timedelta(days=1)


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

    Where clocks go back, an hour that happens twice fires once; where they go forward,
    a time that does not exist fires at the jump (as Debian's cron does).

    Raises:  ValueError naming what is wrong with the expression or the zone.
    """
    zone = check_crontab(expression, timezone)
    look_back = FIRST_LOOK_BACK
    while True:
        # Forwards only: going backwards, the library passes over the hour that happens twice.
        start = after if until - after <= look_back else until - look_back
        due = list(_between(CronSim(expression, start.astimezone(zone)), start, until))
        if start == after or len(due) >= LIMIT:
            return due[-LIMIT:]
        look_back *= 30


def _between(times: Iterator[datetime], after: datetime, until: datetime) -> Iterator[datetime]:
    for time in times:
        moment = time.astimezone(UTC)
        if moment > until:
            return
        if moment > after:
            yield moment


def check_crontab(expression: str, timezone: str) -> ZoneInfo:
    """Return the zone if both parts of a crontab can be used.

    Raises:  ValueError.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"timezone={timezone!r} is not known; give one such as Europe/Berlin") from error
    try:
        CronSim(expression, EPOCH)
    except CronSimError as error:
        raise ValueError(f"crontab={expression!r} cannot be read ({error}); give five fields") from error
    return zone
