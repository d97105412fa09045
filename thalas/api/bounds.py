"""How large a body may be, however it is sent; imported before Django is set up, so it knows no ninja."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from thalas.api import replies
from thalas.api.errors import BodyTooLarge

API = "/api/"
MAX_BYTES = 1_000_000
# A client that still sends would not read the answer; this much more is taken from it and thrown away.
DRAINED_BYTES = 16_000_000
DRAINED_S = 5.0

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]


class Division:
    """An ASGI application that has requests to /api/ answered by *api*, and all others by *pages*."""

    def __init__(self, *, api: Application, pages: Application) -> None:
        self._api, self._pages = api, pages

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass the request on."""
        app = self._api if scope["type"] == "http" and scope["path"].startswith(API) else self._pages
        await app(scope, receive, send)


class BoundedBodies:
    """An ASGI application whose requests are turned away at MAX_BYTES, before Django has read them."""

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass the request on, and count what comes of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Counted(receive)
        if _announced(scope) > MAX_BYTES:
            await self._refuse(body, send)
            return
        await self._app(scope, body.receive, send)
        if body.is_too_large:
            # Django reads a body to its end before it answers anything, so nothing has been sent yet.
            await self._refuse(body, send)

    async def _refuse(self, body: "_Counted", send: Send) -> None:
        await body.drain()
        status, headers, content = replies.raw(BodyTooLarge(MAX_BYTES))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _announced(scope: MutableMapping[str, Any]) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


class _Counted:
    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0
        self._is_over = False

    async def receive(self) -> Message:
        """Take the next part of the body; to Django, a client that sends too much has gone away."""
        message = await self._next()
        return {"type": "http.disconnect"} if self.is_too_large else message

    @property
    def is_too_large(self) -> bool:
        """Whether more has come than is read."""
        return self._taken > MAX_BYTES

    async def _next(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        self._is_over = not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Throw away what still comes, up to a point."""
        try:
            async with asyncio.timeout(DRAINED_S):
                while not self._is_over and self._taken < DRAINED_BYTES:
                    await self._next()
        except TimeoutError:
            return
