"""What a calculation about money refuses.

RiskError
├── NotFinite            an input or the result is no finite number: missing, NaN, infinite, no number at all
├── OutOfRange           a finite number, or a word, that the formula has no meaning for
├── WrongShape           an array with the wrong number of dimensions, or two that do not fit each other
└── TooFewObservations   the formula needs more of them than were given

The gate raises none of these: what it cannot compute is recorded on the check and vetoes.
"""


class RiskError(Exception):
    """The base of everything this room raises on purpose."""


class NotFinite(RiskError):
    """A number is missing, NaN, infinite or no number."""


class OutOfRange(RiskError):
    """A value lies where the formula has no meaning."""


class WrongShape(RiskError):
    """An array does not have the dimensions the formula reads."""


class TooFewObservations(RiskError):
    """There are fewer observations than the formula needs."""
