"""Sliding windows: at most so many requests in any second, minute and hour, exactly.

One list per name holds the moments of its admitted requests, the newest first. A window of
*n* requests has room when the n-th newest has left it; a request that is refused leaves no trace.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

import redis
import structlog

from providers import brokers

log = structlog.get_logger(__name__)

# Answers 0 and an empty line, or how many microseconds the request has to wait and for which window.
# The server's own clock decides: those of the web machines may differ. The script's body is one step for
# everybody, so that a request is counted in all its windows or in none.
SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local newest = tonumber(redis.call('LINDEX', KEYS[1], 0) or 0)
if newest > now + 1000000 then
    redis.call('DEL', KEYS[1])
elseif newest > now then
    now = newest
end
local wait, window, most, longest = 0, 0, 0, 0
for i = 1, #ARGV, 2 do
    local limit, length = tonumber(ARGV[i]), ARGV[i + 1] * 1000000
    local oldest = redis.call('LINDEX', KEYS[1], limit - 1)
    if oldest and tonumber(oldest) + length - now > wait then
        wait, window = tonumber(oldest) + length - now, (i + 1) / 2
    end
    most, longest = math.max(most, limit), math.max(longest, length)
end
if wait > 0 then
    return {wait, window}
end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, most - 1)
redis.call('PEXPIRE', KEYS[1], longest / 1000)
return {0, 0}
"""
PREFIX = "thalas:limit:"
# Redis answers in a fraction of a millisecond; a request meets each of the two at most once.
CONNECT_TIMEOUT_S = 0.08
ANSWER_TIMEOUT_S = 0.1
MAX_NAMES = 10_000

Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Wait:
    """A refusal: *limit* requests in *length_s* seconds have been used up for *wait_s* more seconds."""

    limit: int
    length_s: int
    wait_s: float


class SharedWindows:
    """Windows that all processes share, kept in Redis."""

    def __init__(self, url: str, *, timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        self._client = redis.Redis(
            connection_pool=brokers.connections(
                url, connect_timeout_s=CONNECT_TIMEOUT_S, answer_timeout_s=timeout_s
            )
        )
        self._script = self._client.register_script(SCRIPT)

    def enter(self, name: str, windows: Windows) -> Wait | None:
        """Count a request of *name*, or say how long it has to wait.

        Raises:  redis.RedisError if Redis does not answer in time.
        """
        arguments = [number for window in windows for number in window]
        wait_us, which = cast(list[int], self._script(keys=[PREFIX + name], args=arguments))
        return Wait(*windows[which - 1], wait_s=wait_us / 1e6) if wait_us else None


class LocalWindows:
    """Windows of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._moments: OrderedDict[str, deque[float]] = OrderedDict()

    def enter(self, name: str, windows: Windows) -> Wait | None:
        """Count a request of *name*, or say how long it has to wait."""
        with self._lock:
            now = self._clock()
            moments = self._of(name)
            wait = max(_waits(moments, windows, now), key=lambda wait: wait.wait_s, default=None)
            if wait is None:
                _keep(moments, now, windows)
            return wait

    def note(self, name: str, windows: Windows) -> None:
        """Count a request of *name* that has been let in already."""
        with self._lock:
            _keep(self._of(name), self._clock(), windows)

    def _of(self, name: str) -> deque[float]:
        moments = self._moments.setdefault(name, deque())
        self._moments.move_to_end(name)
        if len(self._moments) > MAX_NAMES:
            self._moments.popitem(last=False)
        return moments

    def __len__(self) -> int:
        return len(self._moments)


def _keep(moments: deque[float], now: float, windows: Windows) -> None:
    moments.appendleft(now)
    while len(moments) > max(limit for limit, _ in windows):
        moments.pop()


def _waits(moments: deque[float], windows: Windows, now: float) -> Iterator[Wait]:
    for limit, length_s in windows:
        for oldest in islice(moments, limit - 1, limit):
            if oldest + length_s > now:
                yield Wait(limit, length_s, oldest + length_s - now)


class SteadyWindows:
    """The shared windows; while Redis is away, this process's own, and no request waits for it twice."""

    def __init__(self, url: str) -> None:
        self._shared = SharedWindows(url)
        self._local = LocalWindows()
        self._presence = brokers.Presence()

    def enter(self, name: str, windows: Windows) -> Wait | None:
        """Count a request of *name*, or say how long it has to wait."""
        if not self._presence.may_ask():
            return self._local.enter(name, windows)
        try:
            wait = self._shared.enter(name, windows)
        except redis.RedisError as error:
            if self._presence.note_away():
                log.warning("limits_are_local", error=type(error).__name__)
            return self._local.enter(name, windows)
        self._presence.note_there()
        if wait is None:
            self._local.note(name, windows)  # so that nobody starts afresh if Redis goes
        return wait
