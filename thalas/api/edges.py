"""The outermost layer around /api/: whatever Django itself answers there gets the API's form and headers.

It takes the place of the middleware that pages need: the API has no sessions, forms or messages.
"""

from asyncio import iscoroutinefunction
from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import async_to_sync, markcoroutinefunction, sync_to_async
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware

from thalas.api import cors, headers, problems
from thalas.api.waits import Waiting
from thalas.selectors.records import Record

ROOT = "/api/"
Answer = Callable[[HttpRequest], HttpResponseBase] | Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class Views(BaseHandler):
    """Django's way from a request to its view, with nothing in between."""

    def __init__(self) -> None:
        super().__init__()
        none: list[object] = []
        self._view_middleware = self._exception_middleware = self._template_response_middleware = none

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return what the view answers."""
        return cast(HttpResponseBase, self._get_response(request))  # type: ignore[attr-defined]  # not in the stubs


class Edge:
    """What surrounds the views: the name of the host, TLS, other origins, and the form of every answer."""

    def __init__(self) -> None:
        self._views = Views()
        self._security = SecurityMiddleware(lambda _: HttpResponse())
        self._answered = convert_exception_to_response(self._answer)

    def begin(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer, or a `Waiting` where it has to be waited for."""
        return self._finished(request, cast(HttpResponseBase, self._answered(request)))

    def end(self, request: HttpRequest, waiting: Waiting, record: Record | None) -> HttpResponseBase:
        """Return the answer now that the wait is over and has brought *record*."""
        return self._finished(request, waiting.answer(record))

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # refuses a name that is not the house's
        early = cors.preflight(request) or self._security.process_request(request)
        return early or self._views(request)

    def _finished(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # The API itself answers in JSON only; a page or plain text is Django's.
        is_djangos = response.headers.get("Content-Type", "text/").startswith("text/")
        if response.status_code >= 400 and is_djangos and isinstance(response, HttpResponse):
            problems.reword(response)
        self._security.process_response(request, cast(HttpResponse, response))
        headers.secure(response)
        cors.allow(request, response)
        if isinstance(response, HttpResponse):
            response.headers["Content-Length"] = str(len(response.content))
        return response


class EdgeMiddleware:
    """Goes first in the list, and takes requests to /api/ past all the others."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        self._edge = Edge()
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Return the answer in the API's form; outside /api/ as it is."""
        if not request.path.startswith(ROOT):
            return self.get_response(request)
        return self._awaited(request) if self.is_async else self._answer(request)

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        answer = self._edge.begin(request)
        if isinstance(answer, Waiting):
            answer = self._edge.end(request, answer, async_to_sync(answer.waited)())
        return answer

    async def _awaited(self, request: HttpRequest) -> HttpResponseBase:
        answer = await sync_to_async(self._edge.begin)(request)
        if isinstance(answer, Waiting):
            answer = await sync_to_async(self._edge.end)(request, answer, await answer.waited())
        return answer
