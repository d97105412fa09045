"""What a provider means when it answers with an error: status and body together, never the status alone."""

import re
import unicodedata
from dataclasses import dataclass

import orjson

from providers import masks
from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError, VoterError

MAX_QUOTED = 200
MAX_READ = 2_000
# What an error is about stands at its beginning, and searching a whole body of megabytes takes long.
MAX_SEARCHED = 10_000

# Looked at in this order, first match wins; the text is the error's codes, type and message.
TOO_LONG = re.compile(
    r"context.{0,3}length|context window|prompt (is )?too long|too many tokens in the prompt"
    r"|input.token.count.{0,40}exceeds|request_too_large",
    re.I,
)
BAD_KEY = re.compile(
    r"(invalid|incorrect|missing|wrong|no).{0,20}(api|subscription).?key"
    r"|api.?key.{0,40}(invalid|incorrect|expired|not valid|missing)"
    r"|authentication.?(error|fail)|unauthorized|location is not supported",
    re.I,
)
NO_MODEL = re.compile(
    r"model_?not_?found|deployment_?not_?found|invalid_?model"
    r"|model.{0,120}(does not exist|not found|not a valid|is not available|decommissioned|deprecated)",
    re.I | re.S,
)
NO_CREDIT = re.compile(
    r"insufficient.?(quota|balance|credit|funds)|current quota|billing|credit balance|any credits", re.I
)
# Google speaks of the plan and its billing whenever a quota is used up; only the name of the quota tells
# whether it fills again soon. One of tokens per minute that a single prompt overruns never does.
SOON = re.compile(r"PerMinute|per.minute", re.I)
OF_INPUT = re.compile(r"input_?token", re.I)
REFUSED = re.compile(
    r"content.?filter|content.?(management.?)?policy|responsible.?ai|safety|moderation|flagged", re.I
)
# The model's own answer did not fit the schema, and the provider says so instead of handing it over.
UNFIT = re.compile(r"tool_use_failed|json_validate_failed|failed_generation", re.I)

# What servers say in words, of an error inside a 200 answer.
STATUSES = {
    "server_error": 500,
    "api_error": 500,
    "overloaded_error": 529,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "authentication_error": 401,
}


@dataclass(frozen=True, slots=True)
class _Complaint:
    """An error body, whatever its shape."""

    code: str
    message: str

    @property
    def text(self) -> str:
        return f"{self.code} {self.message}"[:MAX_SEARCHED]


def voter_error(provider: str, status: int, body: bytes, *, key: str | None) -> VoterError:
    """Return the error that *status* and *body* stand for, quoting at most 200 characters, never *key*."""
    complaint = _complaint(body)
    kind, can_heal = _kind(status, complaint.text)
    quoted = quote(complaint.message or complaint.code, key=key)
    text = f"{provider} answered {status}" + (f": {quoted}" if quoted else "")
    return TransientVoterError(kind, text) if can_heal else PermanentVoterError(kind, text)


def quote(text: str, *, key: str | None) -> str:
    """Return at most 200 characters of a provider's *text* on one line, *key* and its parts struck out."""
    plain = masks.of_key(key).clean(printable(text[:MAX_READ]))
    return plain if len(plain) <= MAX_QUOTED else plain[: MAX_QUOTED - 1] + "…"


def printable(text: str) -> str:
    """Return *text* on one line without control, format and unassigned characters."""
    seen = (
        character for character in text if character.isspace() or unicodedata.category(character)[0] != "C"
    )
    return " ".join("".join(seen).split())


def status_within(raw: dict[str, object]) -> int | None:
    """Return the status of the error that came with a 200, None if *raw* holds an answer.

    It is 400, which is not retried, if the error names none.
    """
    error = raw.get("error")
    if not error or raw.get("choices"):
        return None
    codes = [error.get(name) for name in ("code", "type")] if isinstance(error, dict) else []
    for code in codes:
        if isinstance(code, int) and 400 <= code <= 599:
            return code
        if isinstance(code, str) and code in STATUSES:
            return STATUSES[code]
    return 400


def retry_after_s(body: bytes) -> float | None:
    """Return the seconds that an error of Google's asks to wait, or None; others say it in a header."""
    for detail in _details(_error(_parsed(body))):
        delay = re.fullmatch(r"(\d{1,6}(?:\.\d{1,9})?)s", _word(detail.get("retryDelay")))
        if delay:
            return float(delay[1])
    return None


def _kind(status: int, text: str) -> tuple[ErrorKind, bool]:
    """Return the kind, and whether asking again can help."""
    if status >= 500 or status == 498:  # 498: Groq's flexible tier has no room
        return ErrorKind.OVERLOADED, True
    if status == 429:
        return ErrorKind.RATE_LIMIT, _fills_again(text)
    if status == 402 or (status in (400, 403) and NO_CREDIT.search(text)):
        return ErrorKind.RATE_LIMIT, False  # it lifts when someone pays
    if status == 408:
        return ErrorKind.TIMEOUT, True
    if 300 <= status < 400:
        return ErrorKind.BAD_RESPONSE, False  # keys are not carried to where a redirect points
    return _kind_of_request(status, text), False


def _fills_again(text: str) -> bool:
    """Say whether a limit that was reached lifts by itself within a minute or so."""
    if SOON.search(text):
        return not OF_INPUT.search(text)
    return not NO_CREDIT.search(text)


def _kind_of_request(status: int, text: str) -> ErrorKind:
    if TOO_LONG.search(text):
        return ErrorKind.BAD_REQUEST
    if NO_MODEL.search(text):
        return ErrorKind.UNAVAILABLE
    if UNFIT.search(text):
        return ErrorKind.BAD_RESPONSE
    if status == 401 or BAD_KEY.search(text):
        return ErrorKind.AUTHENTICATION
    if REFUSED.search(text):
        return ErrorKind.REFUSED
    if status == 403:
        return ErrorKind.AUTHENTICATION
    return ErrorKind.UNAVAILABLE if status in (404, 410) else ErrorKind.BAD_REQUEST


def _complaint(body: bytes) -> _Complaint:
    """Find codes and message: {"error": {…} or "…"}, {"detail": "…"}, a list of these, or plain text."""
    found = _parsed(body)
    if isinstance(found, str):
        return _Complaint(code="", message=found)
    error = _error(found)
    if isinstance(error, str):
        return _Complaint(code=_word(_mapping(found).get("code")), message=error)
    inner = _mapping(error)
    codes = [_word(inner.get(name)) for name in ("code", "type", "status")]
    codes += [_word(detail.get("reason")) for detail in _details(error)]
    codes += [_quotas(detail) for detail in _details(error)]
    # OpenRouter hides what the provider behind it said.
    upstream = _word(_mapping(inner.get("metadata")).get("raw"))
    message = " ".join(filter(None, (_word(inner.get("message")), upstream)))
    return _Complaint(code=" ".join(filter(None, codes)), message=message)


def _parsed(body: bytes) -> object:
    """Return what *body* holds, the first of a list; its text if it is no JSON."""
    try:
        found: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
    if isinstance(found, str):
        return {"message": found}
    return found[0] if isinstance(found, list) and found else found


def _error(found: object) -> object:
    outer = _mapping(found)
    return outer.get("error") or outer.get("detail") or outer


def _details(error: object) -> list[dict[str, object]]:
    """Return the entries by which Google's errors say more."""
    details = _mapping(error).get("details")
    return [_mapping(detail) for detail in details] if isinstance(details, list) else []


def _quotas(detail: dict[str, object]) -> str:
    violations = detail.get("violations")
    if not isinstance(violations, list):
        return ""
    return " ".join(_word(_mapping(violation).get("quotaId")) for violation in violations)


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""
