"""Waiting that ends: a condition is looked at again and again until it holds or its time is up."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE_S = 0.02


def until(look: Callable[[], T], *, within_s: float, what: str) -> T:
    """Return the first true value of *look*.

    Raises:  AssertionError saying *what* did not come true within *within_s* seconds.
    """
    give_up_at = time.monotonic() + within_s
    while True:
        value = look()
        if value:
            return value
        if time.monotonic() >= give_up_at:
            raise AssertionError(f"after {within_s:g} s still not true: {what}")
        time.sleep(PAUSE_S)
