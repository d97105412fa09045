"""Bodies: strict JSON, at most 1 MB of it, whatever its sender says about its length."""

import asyncio
import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from tests.thalas.api import callers
from tests.thalas.api.wires import handler
from thalas.api.bounds import DRAINED_BYTES, MAX_BYTES, BoundedBodies

pytestmark = [pytest.mark.usefixtures("house"), pytest.mark.urls("tests.thalas.api.rooms")]
NOTES = "/api/v1/notes"
JSON = "application/json"


@pytest.fixture
def client() -> Client:
    """A client that may write."""
    return callers.client(callers.key("runs:write").shown)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"title": "a",\n "size": }', "at line 2, column 10"),
        ('{"title": "a", "size": NaN}', "at line 1, column"),
        ("[" * 5000, "at line 1, column"),
        ('{"title": "\\ud800", "size": 1}', "surrogate"),
        ('{"title": "\\u0000", "size": 1}', "NUL"),
        ("title=a&size=1", "at line 1, column 1"),
    ],
)
def test_what_is_no_json_is_told_with_its_place(client: Client, body: str, why: str) -> None:
    answer = client.post(NOTES, body, content_type=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"] == "Unreadable JSON"
    assert why in answer.json()["details"]["body"]


def test_text_that_is_not_utf_8_is_refused(client: Client) -> None:
    assert client.post(NOTES, b'{"title": "\xff"}', content_type=JSON).status_code == 400


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json"],
)
def test_a_body_that_is_not_said_to_be_json_is_refused(client: Client, kind: str) -> None:
    answer = client.generic("POST", NOTES, '{"title": "a", "size": 1}', content_type=kind)
    assert answer.status_code == 415
    assert "send application/json" in answer.json()["detail"]


@pytest.mark.parametrize("kind", [JSON, "application/json; charset=utf-8", "application/vnd.x+json"])
def test_json_by_any_of_its_names_is_read(client: Client, kind: str) -> None:
    assert client.post(NOTES, '{"title": "a", "size": 1}', content_type=kind).status_code == 200


def test_a_query_with_a_nul_is_refused(client: Client) -> None:
    reader = callers.client(callers.key("runs:read").shown)
    answer = reader.get(f"{NOTES}?limit=1%00")
    assert answer.status_code == 400
    assert answer.json()["details"] == {"limit": "leave out the character NUL"}


# --- what never gets as far as Django ---------------------------------------------------------------


@dataclass
class Wire:
    """A connection as ASGI sees it: what is sent to the application, and what it answers."""

    parts: list[bytes]
    taken: int = 0
    sent: list[MutableMapping[str, Any]] = field(default_factory=list)

    async def receive(self) -> MutableMapping[str, Any]:
        """Return the next part; after the last one the client waits."""
        if self.taken == len(self.parts):
            await asyncio.Event().wait()
        self.taken += 1
        more = self.taken < len(self.parts)
        return {"type": "http.request", "body": self.parts[self.taken - 1], "more_body": more}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Keep what is answered."""
        self.sent.append(message)


def asked(parts: list[bytes], **headers: str) -> tuple[int, dict[str, str], bytes, Wire]:
    """Send *parts* of a body to the whole application; return status, headers, body and the wire."""
    wire = Wire(parts)
    sent = {"host": "localhost", "content-type": JSON, **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": NOTES,
        "raw_path": NOTES.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("192.0.2.1", 1),
        "server": ("localhost", 80),
    }
    with handler() as api:
        asyncio.run(BoundedBodies(api)(scope, wire.receive, wire.send))
    start = wire.sent[0]
    told = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], told, b"".join(message.get("body", b"") for message in wire.sent[1:]), wire


def test_a_body_that_is_announced_too_large_is_refused_with_every_header() -> None:
    status, headers, body, _ = asked([b"x"], **{"content-length": str(MAX_BYTES + 1)})
    assert status == 413
    assert headers["content-type"] == "application/problem+json"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert json.loads(body)["error"] == "Body too large"


@pytest.mark.parametrize("announced", [{}, {"transfer-encoding": "chunked"}, {"content-length": "10"}])
def test_a_body_that_grows_too_large_is_refused_whatever_was_announced(announced: dict[str, str]) -> None:
    status, _, body, wire = asked([b"x" * 1000] * 1002, **announced)
    assert status == 413
    assert json.loads(body)["status"] == 413
    assert wire.taken == 1002  # taken off the wire, so that the client reads the answer


def test_a_body_without_an_end_is_not_read_to_its_end() -> None:
    part = b"x" * 1_000_000
    status, _, _, wire = asked([part] * 1000)
    assert status == 413
    assert wire.taken <= DRAINED_BYTES // len(part) + 1


def test_a_body_of_just_the_limit_is_read() -> None:
    body = json.dumps({"title": "a" * 999_970, "size": 1}).encode()
    body += b" " * (MAX_BYTES - len(body))
    status, _, answer, _ = asked([body[:600_000], body[600_000:]], **{"content-length": str(MAX_BYTES)})
    assert len(body) == MAX_BYTES
    assert (status, json.loads(answer)["error"]) == (401, "Unauthorized")  # as far as the door
