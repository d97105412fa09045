"""What a calculation about money refuses.

RiskError
├── NotFinite     an input or the result is no finite number: missing, NaN, infinite or not a number at all
└── OutOfRange    a finite number, or a word, that the formula has no meaning for

The gate raises none of these: what it cannot compute is recorded on the check and vetoes.
"""


class RiskError(Exception):
    """The base of everything this room raises on purpose."""


class NotFinite(RiskError):
    """A number is missing, NaN, infinite or no number."""


class OutOfRange(RiskError):
    """A value lies where the formula has no meaning."""
