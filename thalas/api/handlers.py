"""How the web server answers /api/: a request in one thread at one go, and who waits holds none.

Django's own way goes to a thread and back for every middleware, and starts a thread for each request.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from io import BytesIO
from typing import Any, TypeVar, cast

from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix

from thalas.api.edges import Edge
from thalas.api.waits import Followed, Waiting
from thalas.selectors.records import Record

ResultT = TypeVar("ResultT")
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
# A thread may have to wait half a second for a broker that is away; the database's pool bounds the rest.
THREADS = 200


class ApiHandler(ASGIHandler):
    """Django's handler with the edge in place of all middleware: the API has no sessions and no pages."""

    def __init__(self, *, threads: int = THREADS) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="api")

    def load_middleware(self, is_async: bool = False) -> None:
        """Put the edge around the views, and nothing else."""
        self._edge = Edge()
        self._middleware_chain = self._edge.begin

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            body = await _body(receive)
        except RequestAborted:
            return
        request, answer = await self._in_thread(self._begin, scope, body)
        if isinstance(answer, Followed):
            try:
                await self.send_response(answer, send)
            finally:
                await self._in_thread(answer.close)
            return
        if not isinstance(answer, Waiting) and not answer.streaming:
            await self.send_response(answer, send)
            return
        await _unless_gone(self._go_on(request, answer, send), receive)

    async def _go_on(self, request: HttpRequest | None, answer: HttpResponseBase, send: Send) -> None:
        """Send an answer that takes its time."""
        if isinstance(answer, Waiting) and request is not None:
            record = await answer.waited()
            answer = await self._in_thread(self._end, request, answer, record)
        try:
            await self.send_response(answer, send)
        finally:
            answer.close()

    def _begin(self, scope: dict[str, Any], body: BytesIO) -> tuple[HttpRequest | None, HttpResponseBase]:
        """Answer a request as far as that goes without waiting."""
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=self.__class__, scope=scope)
        request, refusal = self.create_request(scope, body)
        if request is None or refusal is not None:
            return None, cast(HttpResponseBase, refusal)
        answer = self.get_response(request)
        if answer.streaming or isinstance(answer, Waiting | Followed):
            close_old_connections()  # whoever waits must not keep one
        else:
            answer.close()
        return request, answer

    def _end(self, request: HttpRequest, waiting: Waiting, record: Record | None) -> HttpResponseBase:
        try:
            return self._edge.end(request, waiting, record)
        finally:
            close_old_connections()

    async def _in_thread(self, work: Callable[..., ResultT], *arguments: object) -> ResultT:
        # With a context of its own, or what one request sets there the thread's next one would find.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, copy_context().run, work, *arguments)


async def _body(receive: Receive) -> BytesIO:
    """Return the body; how large it may be is `bounds`' business.

    Raises:  RequestAborted if the client has gone.
    """
    body = BytesIO()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestAborted
        body.write(message.get("body", b""))
        if not message.get("more_body", False):
            body.seek(0)
            return body


async def _unless_gone(work: Coroutine[Any, Any, None], receive: Receive) -> None:
    """Do *work* to its end, or until the client goes away."""
    gone, doing = asyncio.ensure_future(receive()), asyncio.create_task(work)
    try:
        await asyncio.wait((gone, doing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not doing.done():
            doing.cancel()
        await asyncio.wait((gone, doing))
    if not doing.cancelled():
        doing.result()
