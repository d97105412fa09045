"""The emulator's ASGI application: four wires at the vendors' own paths, and its own state."""

import asyncio
from collections.abc import Iterable
from email.utils import formatdate

import orjson
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope
from pydantic import TypeAdapter, ValidationError

from providers.emulator import answers, connections, routes, scripts
from providers.emulator.journals import Call, Journal
from providers.emulator.routes import Route
from providers.emulator.scripts import Rule, Script, ScriptError
from providers.emulator.wires import Asked, Body

MAX_REQUEST_BYTES = 4 * 1024 * 1024
# Holds one rule as JSON, for this request, whatever the file says.
SCRIPT = b"x-emulator-script"
_objects = TypeAdapter(Body)


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
        route = routes.find(scope["path"]) if scope["method"] == "POST" else None
        try:
            if route is not None:
                await self._generate(exchange, route)
            elif (scope["method"], scope["path"]) == ("GET", "/v1/models"):
                await exchange.answer(200, answers.models())
            elif (scope["method"], scope["path"]) == ("GET", "/_emulator/state"):
                await exchange.answer(200, orjson.dumps(self._state()))
            else:
                told = routes.of_family(scope["path"]).error(404, "There is nothing at this address.")
                await exchange.answer(404, orjson.dumps(told))
        except _Gone:
            return

    def _state(self) -> dict[str, int]:
        return self._journal.state() | {"connections": connections.Connection.opened}

    async def _generate(self, exchange: "_Exchange", route: Route) -> None:
        sent = await exchange.body()
        self._journal.hear(exchange.address, exchange.headers, sent)
        try:
            asked = route.wire.asked(_object(sent), route.model)
            rule = self._rule(exchange, asked)
        except ValidationError:
            await exchange.answer(400, orjson.dumps(route.wire.error(400)))
            return
        except ScriptError as error:
            await exchange.answer(500, orjson.dumps(route.wire.error(500, str(error))))
            return
        call = self._journal.start(asked.model, exchange.header(b"x-run-id"))
        try:
            reply = answers.reply(
                route.wire, asked, rule, call_id=call.id, sent_bytes=len(sent), median_s=self._median_s
            )
            await self._deliver(exchange, call, rule, reply)
        except BaseException:  # also when the server stops
            self._journal.cut(call)
            raise

    def _rule(self, exchange: "_Exchange", asked: Asked) -> Rule:
        brought = exchange.header(SCRIPT)
        return self._script.next_rule(asked.model) if brought is None else scripts.in_header(brought)

    async def _deliver(self, exchange: "_Exchange", call: Call, rule: Rule, reply: answers.Reply) -> None:
        await exchange.wait(reply.latency_s)
        if rule.reset:
            exchange.reset()
            raise _Gone
        await exchange.begin(reply.status, len(reply.body), reply.headers)
        rest = reply.body
        if rule.cut_after_bytes is not None:
            await exchange.send_part(rest[: rule.cut_after_bytes])
            exchange.reset()
            raise _Gone
        if rule.drip_bytes_per_s is not None:
            while len(rest) > 1:
                await exchange.send_part(rest[:1])
                rest = rest[1:]
                await exchange.wait(1.0 / rule.drip_bytes_per_s)
        # Before the last byte: a caller that has its answer finds it in the journal.
        self._journal.finish(call)
        await exchange.send_part(rest, is_last=True)


def _object(sent: bytes) -> Body:
    """Return the JSON object *sent*.

    Raises:  ValidationError if it is none.
    """
    return _objects.validate_json(sent)


class _Exchange:
    """One request and its answer."""

    def __init__(self, scope: HTTPScope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send

    @property
    def address(self) -> str:
        return (self._scope["raw_path"] + b"?" + self._scope["query_string"]).decode("latin-1")

    @property
    def headers(self) -> Iterable[tuple[bytes, bytes]]:
        return self._scope["headers"]

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
