"""Why a call did not get what it asked for, cut by what the caller can do about it.

ApiError
├── BadRequest        400, 413, 415: a field or the body cannot be used; `details` says what, field by field
├── Unauthorized      401: there is no key, or none that is good
├── Forbidden         403: the key lacks a scope, `details["scope"]`
├── NotFound          404: there is nothing by that name in the key's account
├── Conflict          409: the state of things does not allow it
├── TooManyRequests   429: a limit is reached; there is room again after `retry_after_s`
├── Unavailable       502, 503, 504, or no answer: something is away for now
└── Broken            500, and every answer that is none of this API
"""

from collections.abc import Mapping
from http import HTTPStatus

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1.0


class ApiError(Exception):
    """What went wrong, in the words of the house where it gave any; never with what was sent.

    status  of HTTP; None where no answer came
    """

    def __init__(self, told: str, *, status: int | None = None, details: Mapping[str, str] | None = None):
        super().__init__(told)
        self.status = status
        self.details = dict(details or {})


class BadRequest(ApiError):
    """A field, or the body, cannot be used."""


class Unauthorized(ApiError):
    """There is no key, or none that is good."""


class Forbidden(ApiError):
    """The key is good, and may not do this."""


class NotFound(ApiError):
    """There is nothing by that name in the key's account."""


class Conflict(ApiError):
    """The state of things does not allow it."""


class TooManyRequests(ApiError):
    """A limit is reached; there is room for one request again after *retry_after_s*."""

    retry_after_s = RETRY_AFTER_S


class Unavailable(ApiError):
    """Something that is needed is away for now."""


class Broken(ApiError):
    """Something broke there, or the answer is none of this API."""


KINDS: Mapping[int, type[ApiError]] = {
    HTTPStatus.BAD_REQUEST: BadRequest,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: BadRequest,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: BadRequest,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequests,
    HTTPStatus.BAD_GATEWAY: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: Unavailable,
}


class _Problem(BaseModel):
    """What is read of a problem+json (RFC 9457)."""

    model_config = ConfigDict(extra="ignore")

    detail: str
    details: dict[str, str] = {}


def read(answer: httpx.Response) -> ApiError:
    """Return the error that *answer* tells; its body has been read."""
    status = answer.status_code
    kind = KINDS.get(status, Broken)
    try:
        problem = _Problem.model_validate_json(answer.content)
    except ValidationError:
        error = kind(f"The answer was {status} {answer.reason_phrase}".rstrip(), status=status)
    else:
        error = kind(problem.detail, status=status, details=problem.details)
    if isinstance(error, TooManyRequests):
        error.retry_after_s = retry_after_s(answer) or RETRY_AFTER_S
    return error


def retry_after_s(answer: httpx.Response) -> float | None:
    """Return how many seconds *answer* asks to wait; None if it does not say so."""
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else None


def is_passing(answer: httpx.Response) -> bool:
    """Say whether the same request may fare better in a moment.

    The house itself sends Retry-After where waiting helps; a proxy in front of it says nothing of the kind.
    """
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        is_houses = answer.headers.get("Content-Type", "").startswith(MEDIA_TYPE)
        return "Retry-After" in answer.headers or not is_houses
    return answer.status_code in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
