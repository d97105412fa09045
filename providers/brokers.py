"""Connections to the broker for those who look something up on the way, and will not wait for it."""

import threading
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

# A thread without a connection would have to wait for luck; each may have its own.
CONNECTIONS = 1000
AWAY_FOR_S = 1.0


def connections(url: str, *, connect_timeout_s: float, answer_timeout_s: float) -> redis.ConnectionPool:
    """Return connections to the broker that *url* names the way Celery writes it; nothing is tried twice."""
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        database = parse_qs(parts.query).get("virtual_host", ["0"])[0]
        url = f"unix://{parts.path}?db={database}"
    return redis.ConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS,
        socket_connect_timeout=connect_timeout_s,
        socket_timeout=answer_timeout_s,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # no greeting, so that a server which hangs is found out by the first answer
        driver_info=None,
    )


class Presence:
    """Whether the broker is there; while it is away, one caller of a second looks whether it is back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._is_away = False
        self._ask_again_at = 0.0

    def may_ask(self) -> bool:
        """Say whether to ask the broker now."""
        if not self._is_away:
            return True
        with self._lock:
            now = self._clock()
            if now < self._ask_again_at:
                return False
            self._ask_again_at = now + AWAY_FOR_S
            return True

    def note_away(self) -> bool:
        """Note that the broker did not answer; say whether that is news."""
        with self._lock:
            is_news = not self._is_away
            self._ask_again_at = self._clock() + AWAY_FOR_S
            self._is_away = True
            return is_news

    def note_there(self) -> None:
        """Note that the broker answered."""
        self._is_away = False
