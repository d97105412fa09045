"""Arrays that a formula may trust: float64, of the right shape, finite, and long enough."""

from typing import TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from risk.errors import NotFinite, TooFewObservations, WrongShape
from risk.numbers import describe

FloatArray: TypeAlias = NDArray[np.float64]

ROUNDING = 8 * float(np.finfo(np.float64).eps)
SHORT = 8192  # longer arrays are taken to threads by the library below, which costs more than it saves
LARGE = 2.0**20  # more than the most of SHORT numbers is of the largest of them
SMALL = np.full(SHORT, 1.0 / LARGE)
FLOAT64 = np.dtype(np.float64)
NUMERIC_KINDS = "iuf"  # whole numbers and floats; bool, complex, text and objects are no numbers


def require_series(name: str, values: object, *, least: int = 1) -> FloatArray:
    """Return *values* as float64 of shape (n,) with n at least *least*, every one finite.

    Raises:  NotFinite; WrongShape; TooFewObservations.
    """
    if is_plain_series(values, least):
        return values
    array = _floats(name, values)
    if array.ndim != 1:
        raise WrongShape(f"{name} must have 1 dimension, not {array.ndim}.")
    if len(array) < least:
        raise TooFewObservations(f"{name} must hold at least {least} numbers, not {len(array)}.")
    return _finite(name, array)


def is_plain_series(values: object, least: int) -> TypeGuard[FloatArray]:
    """Return whether *values* is a fit series at first glance; what is not is looked at more closely."""
    if type(values) is not np.ndarray or values.dtype is not FLOAT64 or values.ndim != 1:
        return False
    return len(values) >= least and bool(np.logical_and.reduce(np.isfinite(values)))


def require_matrix(name: str, values: object, *, least: int = 1) -> FloatArray:
    """Return *values* as float64 of shape (n, k) with n at least *least* and k at least 1, every one finite.

    Raises:  NotFinite; WrongShape; TooFewObservations.
    """
    array = _floats(name, values)
    if array.ndim != 2 or array.shape[1] < 1:
        raise WrongShape(f"{name} must have 2 dimensions and a column, not the shape {array.shape}.")
    if len(array) < least:
        raise TooFewObservations(f"{name} must hold at least {least} rows, not {len(array)}.")
    return _finite(name, array)


def require_same_length(name: str, values: FloatArray, other_name: str, other: FloatArray) -> None:
    """Check that two arrays have one row for each row of the other.

    Raises:  WrongShape.
    """
    if len(values) != len(other):
        raise WrongShape(f"{name} holds {len(values)} and {other_name} {len(other)}; they must be as many.")


def require_result(name: str, value: float) -> float:
    """Return a result as a plain float; one that left the floats is an error, never an answer.

    Raises:  NotFinite.
    """
    number = float(value)
    if number - number != 0.0:  # NaN and the infinities, a good deal faster than np.isfinite on one number
        raise NotFinite(f"{name} is {number!r}: the inputs leave the range of the formula.")
    return number


def mean_of(name: str, values: FloatArray) -> float:
    """Return the mean of trusted *values*.

    Raises:  NotFinite if their sum leaves the floats.
    """
    return require_result(f"The mean of {name}", total_of(values) / len(values))


def total_of(values: FloatArray) -> float:
    """Return the sum of trusted *values*, infinite without a warning where it leaves the floats."""
    if len(values) <= SHORT:  # summed in small, where it cannot overflow, and made large where nobody warns
        return float(values.dot(SMALL[: len(values)])) * LARGE
    with np.errstate(over="ignore", invalid="ignore"):
        return float(np.add.reduce(values))


def dot(one: FloatArray, other: FloatArray) -> float:
    """Return the sum of products of two trusted series of one length, on one thread."""
    return float(one.dot(other)) if len(one) <= SHORT else float(np.einsum("i,i->", one, other))


def is_constant(values: FloatArray) -> bool:
    """Return whether the values differ by no more than rounding makes equal returns differ.

    A return is one price through another less 1, so it is never known more closely than the rounding of 1.
    """
    low, high = float(np.minimum.reduce(values)), float(np.maximum.reduce(values))
    return high - low <= ROUNDING * max(1.0, abs(low), abs(high))


def _floats(name: str, values: object) -> FloatArray:
    if isinstance(values, np.ndarray) and values.dtype == np.float64:
        return values
    if _holds_bool(values):
        raise NotFinite(f"{name} must hold numbers, and True or False is none.")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise WrongShape(f"{name} must be a regular array: its rows differ in length.") from error
    if array.dtype.kind not in NUMERIC_KINDS:
        raise NotFinite(f"{name} must hold numbers, not {describe(values)}.")
    with np.errstate(over="ignore"):  # wider floats that do not fit become infinite, which is refused next
        return array.astype(np.float64)


def _holds_bool(values: object) -> bool:
    if isinstance(values, list | tuple):
        return any(_holds_bool(value) for value in values)
    return isinstance(values, bool)


def _finite(name: str, array: FloatArray) -> FloatArray:
    if not np.logical_and.reduce(np.isfinite(array), axis=None):
        place = np.argwhere(~np.isfinite(array))[0]
        value = describe(float(array[tuple(place)]))
        raise NotFinite(f"{name} must hold finite numbers, not {value} at {', '.join(map(str, place))}.")
    return array
