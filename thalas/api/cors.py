"""Which web pages of other origins may ask: those on the list, and by default none."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

METHODS = "GET, POST, PUT, PATCH, DELETE"
# The key goes in a header; cookies are never asked for, so credentials stay off.
ASKED = "Authorization, X-API-Key, Content-Type, Idempotency-Key, Last-Event-ID"
SHOWN = "Location, Retry-After"
REMEMBERED_S = "600"


def preflight(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a browser that asks whether it may ask; None if it is not one, or may not."""
    is_preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    if not is_preflight or not _is_listed(request):
        return None
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = METHODS
    response["Access-Control-Allow-Headers"] = ASKED
    response["Access-Control-Max-Age"] = REMEMBERED_S
    return response


def allow(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let the page that asked read *response* if its origin is on the list."""
    if not _origins():
        return
    patch_vary_headers(response, ("Origin",))
    if _is_listed(request):
        response["Access-Control-Allow-Origin"] = request.headers["Origin"]
        response["Access-Control-Expose-Headers"] = SHOWN


def _is_listed(request: HttpRequest) -> bool:
    return request.headers.get("Origin") in _origins()


def _origins() -> tuple[str, ...]:
    return tuple(getattr(settings, "CORS_ORIGINS", ()))
