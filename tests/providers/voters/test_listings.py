"""The list of models: asked for where each wire keeps it, with the key in a header, and read in any shape."""

import json
from collections.abc import Iterator

import pytest

from providers.errors import VoterError
from providers.voters import listings
from providers.voters.vendors import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, VoterSpec
from tests.providers.canned import Canned, canned

KEY = "sk-canary-0123456789abcdef"


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned() as served:
        yield served


def spec(wire: str, base_url: str, *, provider: str = "shed", model: str = "m-1") -> VoterSpec:
    return VoterSpec("shed", provider, wire, model, base_url, 1.0)


@pytest.mark.parametrize(
    ("wire", "below", "path", "header", "body"),
    [
        (
            OPENAI_CHAT,
            "",
            "/v1/models",
            f"authorization: bearer {KEY}",
            {"data": [{"id": "m-1"}, {"id": "b"}]},
        ),
        (OPENAI_RESPONSES, "", "/v1/models", f"authorization: bearer {KEY}", {"data": [{"id": "m-1"}] * 2}),
        (ANTHROPIC_MESSAGES, "", "/v1/models", f"x-api-key: {KEY}", {"data": [{"id": "m-1"}, {"id": "b"}]}),
        (ANTHROPIC_MESSAGES, "/a", "/v1/a/v1/models", f"x-api-key: {KEY}", {"data": [{"id": "m-1"}]}),
        (GEMINI, "", "/v1/models", f"x-goog-api-key: {KEY}", {"models": [{"name": "models/m-1"}]}),
        (OPENAI_CHAT, "", "/v1/models", f"authorization: bearer {KEY}", [{"id": "m-1"}]),
    ],
)
def test_each_wire_is_asked_where_it_keeps_its_list(
    server: Canned, wire: str, below: str, path: str, header: str, body: object
) -> None:
    server.answer(json.dumps(body).encode())
    listing = listings.read(spec(wire, server.base_url + below), api_key=KEY, timeout_s=5.0)
    assert listing.has_asked
    request = server.received[0].decode().lower()
    assert request.startswith(f"get {path} http/1.1")
    assert header in request


def test_a_model_that_is_not_listed_is_told(server: Canned) -> None:
    server.answer(b'{"data": [{"id": "b"}, {"id": 7}, "odd"]}')
    assert listings.read(spec(OPENAI_CHAT, server.base_url), api_key=None, timeout_s=5.0) == listings.Listing(
        1, False
    )


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("200 OK", b"<html>", "bad_response"),
        ("200 OK", b"[1", "bad_response"),
        ("200 OK", b'{"data": 7}', "bad_response"),
        ("200 OK", b"{}", "bad_response"),
        ("401 Unauthorized", f'{{"error": {{"message": "wrong key {KEY}"}}}}'.encode(), "authentication"),
        ("529 Overloaded", b"{}", "overloaded"),
    ],
)
def test_what_is_no_list_is_an_error_that_quotes_no_key(
    server: Canned, status: str, body: bytes, kind: str
) -> None:
    server.answer(body, status=status)
    with pytest.raises(VoterError) as raised:
        listings.read(spec(OPENAI_CHAT, server.base_url), api_key=KEY, timeout_s=5.0)
    assert raised.value.kind == kind
    assert KEY not in str(raised.value)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(VoterError, match="could not be reached"):
        listings.read(spec(OPENAI_CHAT, "http://127.0.0.1:9/v1"), api_key=None, timeout_s=2.0)


def test_some_have_no_list() -> None:
    assert listings.has_list(spec(OPENAI_CHAT, "http://127.0.0.1:9/v1"))
    assert not listings.has_list(spec(OPENAI_CHAT, "https://api.perplexity.ai", provider="perplexity"))
    assert not listings.has_list(spec("analyst", ""))
