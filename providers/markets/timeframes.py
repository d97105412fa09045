"""How long a candle lasts, and when candles close: on whole multiples since the UTC epoch."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from providers.errors import UnknownTimeframe

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

SECONDS: Mapping[str, int] = MappingProxyType(
    {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14400, "1d": 86400}
)


def length(timeframe: str) -> timedelta:
    """Return how long one candle of *timeframe* lasts.

    Raises:  UnknownTimeframe if it is none of `SECONDS`.
    """
    if timeframe not in SECONDS:
        raise UnknownTimeframe(f"{timeframe!r} is no timeframe; known are {', '.join(SECONDS)}")
    return timedelta(seconds=SECONDS[timeframe])


def last_close(timeframe: str, at: datetime) -> datetime:
    """Return the newest moment at or before *at* when a candle of *timeframe* closes.

    Raises:  UnknownTimeframe.
    """
    step = length(timeframe)
    return EPOCH + (at - EPOCH) // step * step


def closes_between(timeframe: str, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every close of *timeframe* later than *after* and not later than *until*, oldest first.

    Raises:  UnknownTimeframe.
    """
    step = length(timeframe)
    close_at = last_close(timeframe, after) + step
    while close_at <= until:
        yield close_at
        close_at += step
