"""Calls that the types would not let through: with wrong values on purpose, or with words from a table."""

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def loosely(function: Callable[..., Result], *values: object, **words: object) -> Result:
    """Return what *function* answers to these values, whatever their types."""
    return function(*values, **words)
