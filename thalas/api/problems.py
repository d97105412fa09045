"""Errors as clients read them: RFC 9457 problem+json, with the keys `error` and `details` beside."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from providers.errors import MarketError, MarketUnavailable
from thalas.api import replies
from thalas.api.bounds import MAX_BYTES
from thalas.api.errors import BodyTooLarge, Refused
from thalas.errors import BadInput, NotFound, NotPossible

log = structlog.get_logger(__name__)
AWAY = "The database cannot be reached now; try again"
BROKEN = "Something broke here; it has been noted"
# What Django answers by itself, in words for a client.
DJANGOS = {
    400: "The request cannot be taken as it is; the name of the host has to be one of the house's own",
    404: "There is nothing at this address",
    405: "This address has other methods; Allow names them",
}
# Where a field was looked for; clients know it by its own name alone.
PLACES = ("body", "query", "path", "header", "cookie", "form")


def problem(
    status: int,
    detail: str,
    *,
    error: str = "",
    details: Mapping[str, str] | None = None,
    extra: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return the answer for an error: *error* is its short text, *details* says what is wrong by field."""
    body = replies.written(status, detail, error=error, details=details)
    response = HttpResponse(body, status=status, content_type=replies.MEDIA_TYPE)
    for name, value in (extra or {}).items():
        response[name] = value
    return response


def reword(response: HttpResponse) -> None:
    """Turn a page or a bare word that Django answers with into a problem; its other headers stay."""
    status = response.status_code
    response.content = replies.written(status, DJANGOS.get(status) or HTTPStatus(status).phrase)
    response["Content-Type"] = replies.MEDIA_TYPE
    response["Content-Length"] = str(len(response.content))


def other_method() -> HttpResponse:
    """Return the answer, as `reword` leaves it, to a method that a path has not."""
    return problem(405, DJANGOS[405])


def install(api: NinjaAPI) -> None:
    """Let *api* answer every exception with a problem."""
    for kind in _answers():
        api.add_exception_handler(kind, _answered)


def _answered(_request: HttpRequest, error: Any) -> HttpResponse:
    return answer(error)


def answer(error: Exception) -> HttpResponse:
    """Return the problem that *error* is to a client."""
    answers = _answers()
    return next(how for how in map(answers.get, type(error).__mro__) if how)(error)


@lru_cache(maxsize=1)
def _answers() -> dict[type[Exception], Callable[[Any], HttpResponse]]:
    return {
        Refused: _refused,
        BadInput: _bad_input,
        NotFound: lambda error: problem(404, str(error)),
        NotPossible: lambda error: problem(409, str(error)),
        MarketError: lambda error: problem(400, str(error)),
        MarketUnavailable: lambda error: problem(503, str(error), extra={"Retry-After": "1"}),
        ValidationError: _invalid,
        HttpError: _http_error,
        RequestDataTooBig: lambda _: _refused(BodyTooLarge(MAX_BYTES)),
        OperationalError: _database_away,
        InterfaceError: _database_away,
        Http404: lambda _: problem(404, "There is nothing here"),
        Exception: _broken,
    }


def _refused(error: Refused) -> HttpResponse:
    return problem(error.status, str(error), error=error.error, details=error.details, extra=error.headers)


def _bad_input(error: BadInput) -> HttpResponse:
    return problem(400, str(error), error="Bad input", details={error.field: error.instead})


def _invalid(error: ValidationError) -> HttpResponse:
    """Name each field and what is wrong with it, without what was sent: it may be a secret."""
    details: dict[str, str] = {}
    for item in error.errors:
        path = [str(part) for part in item["loc"][1:]]
        # The second part is the name of the endpoint's own argument, which no client knows.
        name = ".".join(path[1:] or path) or "body"
        details.setdefault(name, item["msg"].removeprefix("Value error, "))
    told = "; ".join(f"{name}: {what}" for name, what in details.items())
    return problem(400, told, error="Bad input", details=details)


def _http_error(error: HttpError) -> HttpResponse:
    """Answer what ninja raises by itself; the reason why a body was not read is behind it."""
    cause = error.__cause__
    return _refused(cause) if isinstance(cause, Refused) else problem(error.status_code, str(error))


def _database_away(error: Exception) -> HttpResponse:
    log.warning("database_away", error=type(error).__name__)
    return away()


def away() -> HttpResponse:
    """Return the answer while the database is away."""
    return problem(503, AWAY, error="Unavailable", extra={"Retry-After": "1"})


def _broken(error: Exception) -> HttpResponse:
    log.error("request_failed", error=type(error).__name__, exc_info=error)
    return broken()


def broken() -> HttpResponse:
    """Return the answer to what nobody has foreseen."""
    return problem(500, BROKEN, error="Internal error")
