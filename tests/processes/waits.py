"""Waiting that ends: a condition is looked at again and again until it holds or its time is up."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from threading import BrokenBarrierError
from typing import TypeVar

import httpx
import redis
from psycopg_pool import PoolTimeout

T = TypeVar("T")
PAUSE_S = 0.02
# How others say that something did not happen in its time.
LATE = (
    TimeoutError,
    subprocess.TimeoutExpired,
    BrokenBarrierError,
    httpx.TimeoutException,
    redis.TimeoutError,
    PoolTimeout,
)


class TooSlow(AssertionError):
    """Something did not come true in its time.

    Only this failure gets a second chance (see `addopts`): a machine can be slow once, a count cannot be
    wrong once.
    """


def not_after(started: float, limit_s: float, what: str) -> None:
    """Check that since *started*, a time of `time.monotonic`, no more than *limit_s* seconds have passed.

    Raises:  TooSlow saying *what* took longer.
    """
    no_longer(time.monotonic() - started, limit_s, what)


def no_longer(took_s: float, limit_s: float, what: str) -> None:
    """Check that *took_s* is within *limit_s*.

    Raises:  TooSlow saying *what* took longer.
    """
    if took_s > limit_s:
        raise TooSlow(f"{what} took {took_s:.2f} s, more than {limit_s:g}")


def in_time(is_so: object, what: str) -> None:
    """Check something that comes true unless time runs out before it does.

    Raises:  TooSlow saying *what* did not come true.
    """
    if not is_so:
        raise TooSlow(f"not in its time: {what}")


def until(look: Callable[[], T | None], *, within_s: float, what: str) -> T:
    """Return the first true value of *look*.

    Raises:  TooSlow saying *what* did not come true within *within_s* seconds.
    """
    give_up_at = time.monotonic() + within_s
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() >= give_up_at:
            raise TooSlow(f"after {within_s:g} s still not true: {what}")
        time.sleep(PAUSE_S)


async def until_async(look: Callable[[], T | None], *, within_s: float, what: str) -> T:
    """Do the same as `until` and let others of the event loop work meanwhile.

    Raises:  TooSlow.
    """
    give_up_at = time.monotonic() + within_s
    while not (value := look()):
        if time.monotonic() >= give_up_at:
            raise TooSlow(f"after {within_s:g} s still not true: {what}")
        await asyncio.sleep(PAUSE_S)
    return value
