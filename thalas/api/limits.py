"""How often a key, or somebody without one, may knock."""

import math
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

from thalas.api.errors import LimitReached
from thalas.api.windows import SteadyWindows, Windows
from thalas.selectors.keys import KnownKey

LENGTHS = {1: "second", 60: "minute", 3600: "hour"}
# Of one address without a good key. Whoever has a good key is never held up by its neighbours.
STRANGERS: Windows = ((10, 1), (60, 60), (600, 3600))


@lru_cache(maxsize=1)
def windows() -> SteadyWindows:
    """Return this process's way to the windows."""
    return SteadyWindows(settings.BROKER_URL)


def count(key: KnownKey) -> None:
    """Count a request of *key*.

    Raises:  LimitReached.
    """
    _enter(f"key:{key.prefix}", key.limits)


def count_stranger(request: HttpRequest) -> None:
    """Count a request without a good key by the address of its socket; no header changes that.

    Raises:  LimitReached.
    """
    _enter(f"address:{request.META.get('REMOTE_ADDR') or 'unknown'}", STRANGERS)


def _enter(name: str, limits: Windows) -> None:
    wait = windows().enter(name, limits)
    if wait is not None:
        told = f"{wait.limit} requests per {LENGTHS[wait.length_s]}"
        raise LimitReached(limit=told, retry_after_s=max(1, math.ceil(wait.wait_s)))
