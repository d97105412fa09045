"""The server's side of one request to the API's own handler: what ASGI hands in, and what it gets back."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connections

from thalas.api.handlers import ApiHandler


class Wire:
    """One request and its answer; the client stays until *gone* is set."""

    def __init__(self, path: str, *, key: str = "", body: bytes = b"", host: str = "localhost") -> None:
        path, _, query = path.partition("?")
        self.gone = asyncio.Event()
        self.sent: list[Mapping[str, Any]] = []
        self._body: bytes | None = body
        headers = {"host": host, "authorization": f"Bearer {key}", "content-type": "application/json"}
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST" if body else "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("192.0.2.1", 1),
            "server": ("localhost", 80),
        }

    async def receive(self) -> Mapping[str, Any]:
        """Hand in the body; after that, wait for the client to go."""
        if self._body is None:
            await self.gone.wait()
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Mapping[str, Any]) -> None:
        """Keep what is answered."""
        self.sent.append(message)

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.sent[0]["status"])

    @property
    def told(self) -> Any:
        """What the answer says."""
        return json.loads(b"".join(message.get("body", b"") for message in self.sent[1:]))


@contextmanager
def handler() -> Iterator[ApiHandler]:
    """Yield a handler with one thread, and end it."""
    made = ApiHandler(threads=1)
    try:
        yield made
    finally:
        made._threads.submit(connections.close_all).result()
        made._threads.shutdown()
