"""What can go wrong outside, cut by what the caller can do about it.

ProviderError
├── VoterError                 one voter's answer is lost; its kind is kept on the vote
│   ├── TransientVoterError    asking again later can help
│   └── PermanentVoterError    asking again cannot help until someone changes something
└── MarketError
    ├── UnknownSymbol, UnknownTimeframe    the question is wrong
    └── NoCandles, MarketUnavailable       the market cannot answer now
"""

from enum import StrEnum

from providers.voters.types import Usage


class ErrorKind(StrEnum):
    """Why a voter did not vote; stored on the vote and shown to people."""

    AUTHENTICATION = "authentication"
    RATE_LIMIT = "rate_limit"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    REFUSED = "refused"
    TRUNCATED = "truncated"
    BAD_REQUEST = "bad_request"
    BAD_RESPONSE = "bad_response"
    BUDGET_EXHAUSTED = "budget_exhausted"
    UNPRICED = "unpriced"
    UNAVAILABLE = "unavailable"
    CIRCUIT_OPEN = "circuit_open"
    NOT_CONFIGURED = "not_configured"
    WORKER_LOST = "worker_lost"
    NOT_ASKED = "not_asked"
    NO_ANSWER = "no_answer"
    INTERNAL = "internal"


class ProviderError(Exception):
    """The base of everything this room raises on purpose."""


class VoterError(ProviderError):
    """A voter gave no usable answer; *kind* says why, the message says it in a sentence without secrets.

    usage  what the call took all the same; None if nobody knows, and then it is booked at its worst
    """

    usage: Usage | None = None

    def __init__(self, kind: ErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class TransientVoterError(VoterError):
    """Asking again can help."""


class PermanentVoterError(VoterError):
    """Asking again cannot help until someone changes something."""


class MarketError(ProviderError):
    """A market gave no candles."""


class UnknownSymbol(MarketError):
    """The market does not list this symbol."""


class UnknownTimeframe(MarketError):
    """The market does not keep this timeframe for this symbol."""


class NoCandles(MarketError):
    """Nothing had closed at the moment asked for."""


class MarketUnavailable(MarketError):
    """The market cannot be reached now."""
