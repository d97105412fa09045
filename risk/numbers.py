"""Telling usable numbers from everything else: the one place that trusts no declared type."""

import math

from risk.errors import NotFinite


def finite(value: object) -> float | None:
    """Return *value* as a plain float, or None if it is no finite number; a bool is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # whole numbers have no end, floats do
        return None
    return number if math.isfinite(number) else None


def positive(value: object) -> float | None:
    """Return *value* as a plain float if it is finite and above zero, else None."""
    number = finite(value)
    return number if number is not None and number > 0 else None


def not_negative(value: object) -> float | None:
    """Return *value* as a plain float if it is finite and zero or more, else None."""
    number = finite(value)
    return number if number is not None and number >= 0 else None


def fraction(value: object) -> float | None:
    """Return *value* as a plain float if it lies from 0 to 1, both included, else None."""
    number = finite(value)
    return number if number is not None and 0 <= number <= 1 else None


def count(value: object) -> int | None:
    """Return *value* if it is a whole number from 0 to 2^53, else None; 3.0 and True are no counts."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= 2**53 else None  # a float holds every whole number up to there


def require_finite(name: str, value: object) -> float:
    """Return *value* as a plain float.

    Raises:  NotFinite.
    """
    number = finite(value)
    if number is None:
        raise NotFinite(f"{name} must be a finite number, not {describe(value)}.")
    return number


def describe(value: object) -> str:
    """Return *value* in a few safe words; objects nobody expected are named by their type only."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return repr(value[:40])
    number = finite(value)
    if number is not None:
        return repr(number).removesuffix(".0")
    if isinstance(value, float | bool):
        return repr(value)
    return f"a {type(value).__name__}"


def printable(text: str) -> str:
    """Return *text* with a question mark for each character that a database or a screen could choke on."""
    return "".join(character if character.isprintable() else "?" for character in text)


def record(value: object) -> str | float | None:
    """Return *value* as it can be stored: a finite float, None for missing, words for the rest."""
    number = finite(value)
    if number is not None:
        return number
    return None if value is None else describe(value)


def usd(amount: float) -> str:
    """Return a dollar amount as people read it, cut to cents; beyond a trillion the digits say nothing."""
    if abs(amount) >= 1e12:
        return f"{amount:.6g} USD"
    return f"{math.trunc(round(amount * 100, 6)) / 100:,.2f} USD"
