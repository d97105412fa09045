"""Telling usable numbers from everything else: the one place that trusts no declared type."""

import math

from risk.errors import NotFinite, OutOfRange

HAIR = 5e-7  # cents that nobody misses


def finite(value: object) -> float | None:
    """Return *value* as a plain float, or None if it is no finite number; a bool is no number."""
    if type(value) is float:  # nearly always; the gate asks this seventy times
        return value if math.isfinite(value) else None
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


def require_positive(name: str, value: object) -> float:
    """Return *value* as a plain float above 0.

    Raises:  NotFinite; OutOfRange.
    """
    number = require_finite(name, value)
    if number <= 0:
        raise OutOfRange(f"{name} must be above 0, not {describe(number)}.")
    return number


def require_not_negative(name: str, value: object) -> float:
    """Return *value* as a plain float of 0 or more.

    Raises:  NotFinite; OutOfRange.
    """
    number = require_finite(name, value)
    if number < 0:
        raise OutOfRange(f"{name} must be 0 or more, not {describe(number)}.")
    return number


def require_fraction(name: str, value: object) -> float:
    """Return *value* as a plain float from 0 to 1, both included.

    Raises:  NotFinite; OutOfRange.
    """
    number = require_finite(name, value)
    if not 0 <= number <= 1:
        raise OutOfRange(f"{name} must be from 0 to 1, not {describe(number)}.")
    return number


def require_inside(name: str, value: object) -> float:
    """Return *value* as a plain float strictly between 0 and 1.

    Raises:  NotFinite; OutOfRange.
    """
    if type(value) is float and 0.0 < value < 1.0:
        return value
    number = require_finite(name, value)
    if not 0 < number < 1:
        raise OutOfRange(f"{name} must lie between 0 and 1, not {describe(number)}.")
    return number


def require_count(name: str, value: object, *, least: int = 1) -> int:
    """Return *value* if it is a whole number of at least *least*; 3.0 and True are no counts.

    Raises:  OutOfRange.
    """
    number = count(value)
    if number is None or number < least:
        raise OutOfRange(f"{name} must be a whole number of at least {least}, not {describe(value)}.")
    return number


def describe(value: object) -> str:
    """Return *value* in a few safe words; objects nobody expected are named by their type only."""
    if type(value) is float:
        return repr(value).removesuffix(".0")
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
    nudge = HAIR if amount > 0 else -HAIR  # 0.29 is 28.999999999999996 cents
    return f"{math.trunc(amount * 100 + nudge) / 100:,.2f} USD"
