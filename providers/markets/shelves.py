"""Where fetched candles are kept for a while, so that one request serves everybody who asks for a candle.

In this process, and in the broker for all processes. A broker that is away costs requests, never an answer.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import redis
from redis.exceptions import RedisError

from providers import brokers

CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S = 0.5, 1.0
MOST_KEPT = 512
PREFIX = "thalas:candles:"


class Shelf(Protocol):
    """Keeps bytes for a time."""

    def get(self, key: str) -> bytes | None:
        """Return what lies under *key*, or None."""
        ...

    def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep *value* under *key* for so long."""
        ...

    def claim(self, key: str, *, ttl_s: float) -> bool:
        """Say whether the caller is the one who shall fetch *key*; nobody else is for so long."""
        ...

    def release(self, key: str) -> None:
        """Let others fetch *key*."""
        ...


class LocalShelf:
    """A shelf of this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._claims: dict[str, float] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """Return what lies under *key*, or None."""
        with self._lock:
            until, value = self._kept.get(key, (0.0, b""))
            return value if self._clock() < until else None

    def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep *value* under *key* for so long; the oldest make room."""
        with self._lock:
            self._kept[key] = (self._clock() + ttl_s, value)
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def claim(self, key: str, *, ttl_s: float) -> bool:
        """Say whether the caller is the one who shall fetch *key*."""
        with self._lock:
            if self._clock() < self._claims.get(key, 0.0):
                return False
            self._claims[key] = self._clock() + ttl_s
            return True

    def release(self, key: str) -> None:
        """Let others fetch *key*."""
        with self._lock:
            self._claims.pop(key, None)


class SharedShelf:
    """A shelf in the broker at *url*; while that is away, nothing lies on it and everybody may fetch."""

    def __init__(self, url: str) -> None:
        pool = brokers.connections(
            url, connect_timeout_s=CONNECT_TIMEOUT_S, answer_timeout_s=ANSWER_TIMEOUT_S
        )
        self._redis = redis.Redis(connection_pool=pool)

    def get(self, key: str) -> bytes | None:
        """Return what lies under *key*, or None."""
        try:
            found = self._redis.get(PREFIX + key)
        except (RedisError, OSError):
            return None
        return found if isinstance(found, bytes) else None

    def put(self, key: str, value: bytes, *, ttl_s: float) -> None:
        """Keep *value* under *key* for so long."""
        try:
            self._redis.set(PREFIX + key, value, px=max(1, round(ttl_s * 1000)))
        except (RedisError, OSError):
            return

    def claim(self, key: str, *, ttl_s: float) -> bool:
        """Say whether the caller is the one who shall fetch *key*."""
        try:
            return bool(self._redis.set(f"{PREFIX}{key}:claim", b"1", px=round(ttl_s * 1000), nx=True))
        except (RedisError, OSError):
            return True

    def release(self, key: str) -> None:
        """Let others fetch *key*."""
        try:
            self._redis.delete(f"{PREFIX}{key}:claim")
        except (RedisError, OSError):
            return
