"""The emulator's ASGI application: Chat Completions, the list of models, and its own state."""

import asyncio
from email.utils import formatdate

import orjson
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from pydantic import ValidationError

from providers.emulator import answers, connections
from providers.emulator.journals import Call, Journal
from providers.emulator.scripts import Rule, Script, ScriptError

MAX_REQUEST_BYTES = 4 * 1024 * 1024


class _Gone(Exception):
    """The caller has left."""


class Emulator:
    """An ASGI application that answers as *script* says, and notes every call in *journal*."""

    def __init__(self, script: Script, journal: Journal, *, median_s: float) -> None:
        self._script = script
        self._journal = journal
        self._median_s = median_s

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        exchange = _Exchange(scope, receive, send)
        route = (scope["method"], scope["path"])
        try:
            if route == ("POST", "/v1/chat/completions"):
                await self._chat(exchange)
            elif route == ("GET", "/v1/models"):
                await exchange.answer(200, answers.models())
            elif route == ("GET", "/_emulator/state"):
                await exchange.answer(200, orjson.dumps(self._state()))
            else:
                await exchange.answer(404, answers.error(404, "There is nothing at this address."))
        except _Gone:
            return

    def _state(self) -> dict[str, int]:
        return self._journal.state() | {"connections": connections.Connection.opened}

    async def _chat(self, exchange: "_Exchange") -> None:
        sent = await exchange.body()
        try:
            request = answers.Request.model_validate_json(sent)
            rule = self._script.next_rule(request.model)
        except ValidationError:
            await exchange.answer(400, answers.error(400))
            return
        except ScriptError as error:
            await exchange.answer(500, answers.error(500, str(error)))
            return
        call = self._journal.start(request.model, exchange.header(b"x-run-id"))
        reply = answers.reply(request, rule, call_id=call.id, sent_bytes=len(sent), median_s=self._median_s)
        try:
            await self._deliver(exchange, call, rule, reply)
        except BaseException:  # also when the server stops
            self._journal.cut(call)
            raise

    async def _deliver(self, exchange: "_Exchange", call: Call, rule: Rule, reply: answers.Reply) -> None:
        await exchange.wait(reply.latency_s)
        if rule.reset:
            exchange.reset()
            raise _Gone
        await exchange.begin(reply.status, len(reply.body), rule.headers)
        rest = reply.body
        if rule.drip_bytes_per_s is not None:
            while len(rest) > 1:
                await exchange.send_part(rest[:1])
                rest = rest[1:]
                await exchange.wait(1.0 / rule.drip_bytes_per_s)
        # Before the last byte: a caller that has its answer finds it in the journal.
        self._journal.finish(call)
        await exchange.send_part(rest, is_last=True)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send

    def header(self, name: bytes) -> str | None:
        for given, value in self._scope["headers"]:
            if given == name:
                return value.decode("latin-1")
        return None

    async def body(self) -> bytes:
        received = bytearray()
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise _Gone
            received += message["body"]
            if len(received) > MAX_REQUEST_BYTES:
                raise _Gone
            if not message["more_body"]:
                return bytes(received)

    async def wait(self, seconds: float) -> None:
        """Wait, unless the caller leaves before."""
        try:
            async with asyncio.timeout(seconds):
                while (await self._receive())["type"] != "http.disconnect":
                    continue
        except TimeoutError:
            return
        raise _Gone

    def reset(self) -> None:
        if self._scope["client"] is not None:
            connections.reset(self._scope["client"])

    async def answer(self, status: int, body: bytes) -> None:
        await self.begin(status, len(body), {})
        await self.send_part(body, is_last=True)

    async def begin(self, status: int, length: int, headers: dict[str, str]) -> None:
        lines = {
            "date": formatdate(usegmt=True),
            "content-type": "application/json",
            "content-length": str(length),
        } | {name.lower(): value for name, value in headers.items()}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw, "trailers": False})

    async def send_part(self, part: bytes, *, is_last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": part, "more_body": not is_last})
