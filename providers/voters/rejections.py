"""What a provider means when it answers with an error: status and body together, never the status alone."""

import re
import unicodedata
from dataclasses import dataclass

import orjson

from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError, VoterError

MAX_QUOTED = 200
MAX_READ = 2_000

# Looked at in this order, first match wins; the text is the error's code, type and message.
TOO_LONG = re.compile(
    r"context.{0,3}length|context window|prompt too long|too many tokens in the prompt", re.I
)
BAD_KEY = re.compile(
    r"(invalid|incorrect|missing|wrong|no).{0,20}(api|subscription).?key"
    r"|api.?key.{0,40}(invalid|incorrect|expired|not valid|missing)"
    r"|authentication.?(error|fail)|unauthorized",
    re.I,
)
NO_MODEL = re.compile(
    r"model_?not_?found|deployment_?not_?found|invalid_?model"
    r"|model.{0,120}(does not exist|not found|not a valid|is not available|decommissioned|deprecated)",
    re.I | re.S,
)
NO_CREDIT = re.compile(r"insufficient.?(quota|balance|credit|funds)|current quota|billing", re.I)
REFUSED = re.compile(r"content.?filter|content.?(management.?)?policy|responsible.?ai|safety", re.I)


@dataclass(frozen=True, slots=True)
class _Complaint:
    """An error body, whatever its shape."""

    code: str
    message: str

    @property
    def text(self) -> str:
        return f"{self.code} {self.message}"


def voter_error(provider: str, status: int, body: bytes, *, key: str | None) -> VoterError:
    """Return the error that *status* and *body* stand for, quoting at most 200 characters, never *key*."""
    complaint = _complaint(body)
    kind, can_heal = _kind(status, complaint.text)
    quoted = quote(complaint.message or complaint.code, key=key)
    text = f"{provider} answered {status}" + (f": {quoted}" if quoted else "")
    return TransientVoterError(kind, text) if can_heal else PermanentVoterError(kind, text)


def quote(text: str, *, key: str | None) -> str:
    """Return at most 200 characters of a provider's *text* on one line, the *key* struck out."""
    plain = printable(text[:MAX_READ])
    if key:
        plain = plain.replace(key, "[key]")
        # Where the text was cut, half a key may be left that no longer looks like it.
        plain = plain if len(text) <= MAX_READ else plain[: -len(key)]
    return plain if len(plain) <= MAX_QUOTED else plain[: MAX_QUOTED - 1] + "…"


def printable(text: str) -> str:
    """Return *text* on one line without control, format and unassigned characters."""
    seen = (
        character for character in text if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join("".join(seen).split())


def _kind(status: int, text: str) -> tuple[ErrorKind, bool]:
    """Return the kind, and whether asking again can help."""
    if status >= 500:
        return ErrorKind.OVERLOADED, True
    if status == 402 or (status == 429 and NO_CREDIT.search(text)):
        return ErrorKind.RATE_LIMIT, False  # it lifts when someone pays
    if status == 429:
        return ErrorKind.RATE_LIMIT, True
    if status == 408:
        return ErrorKind.TIMEOUT, True
    if 300 <= status < 400:
        return ErrorKind.BAD_RESPONSE, False  # keys are not carried to where a redirect points
    return _kind_of_request(status, text), False


def _kind_of_request(status: int, text: str) -> ErrorKind:
    if TOO_LONG.search(text):
        return ErrorKind.BAD_REQUEST
    if NO_MODEL.search(text):
        return ErrorKind.UNAVAILABLE
    if status in (401, 403) or BAD_KEY.search(text):
        return ErrorKind.AUTHENTICATION
    if REFUSED.search(text):
        return ErrorKind.REFUSED
    return ErrorKind.UNAVAILABLE if status == 404 else ErrorKind.BAD_REQUEST


def _complaint(body: bytes) -> _Complaint:
    """Find code and message: {"error": {…} or "…"}, {"detail": "…"}, a list of these, or plain text."""
    try:
        found: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _Complaint(code="", message=body.decode("utf-8", "replace"))
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return _Complaint(code="", message="")
    error = found.get("error") or found.get("detail") or found
    if isinstance(error, str):
        return _Complaint(code=_word(found.get("code")), message=error)
    if not isinstance(error, dict):
        return _Complaint(code="", message="")
    codes = (_word(error.get(name)) for name in ("code", "type", "status"))
    message = error.get("message")
    return _Complaint(code=" ".join(filter(None, codes)), message=_word(message))


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
