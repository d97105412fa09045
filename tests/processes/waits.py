"""Waiting that ends: a condition is looked at again and again until it holds or its time is up."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE_S = 0.02


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


def until(look: Callable[[], T], *, within_s: float, what: str) -> T:
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
