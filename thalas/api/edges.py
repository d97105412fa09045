"""The outermost layer around /api/: whatever Django itself answers there gets the API's form and headers."""

from asyncio import iscoroutinefunction
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from thalas.api import cors, headers, problems

ROOT = "/api/"
Answer = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class EdgeMiddleware:
    """Goes first in the list, so that it sees what the others answer."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Return the answer in the API's form; outside /api/ as it is."""
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        if self.is_async:
            return self._awaited(request)
        answer = cors.preflight(request) or self.get_response(request)
        return _finished(request, cast(HttpResponseBase, answer))

    async def _awaited(self, request: HttpRequest) -> HttpResponseBase:
        early = cors.preflight(request)
        answer = early or await cast(Awaitable[HttpResponseBase], self.get_response(request))
        return _finished(request, answer)


def _finished(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # The API itself answers in JSON only; a page or plain text is Django's.
    is_djangos = response.headers.get("Content-Type", "text/").startswith("text/")
    if response.status_code >= 400 and is_djangos and isinstance(response, HttpResponse):
        problems.reword(response)
    headers.secure(response)
    cors.allow(request, response)
    return response
