"""The pooled client against real sockets: deadlines, limits, connections."""

import gzip
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from providers import http
from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError
from tests.providers.canned import Canned, canned

KEY = "sk-proj-Zq8vT2mWx4Lr7Ns1"


@pytest.fixture
def served() -> Iterator[Canned]:
    with canned() as one:
        yield one


def post(base_url: str, *, timeout_s: float = 5.0, key: str | None = KEY) -> http.Reply | http.NoReply:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return http.server(base_url).post("chat/completions", b"{}", headers=headers, timeout_s=timeout_s)


def refused(base_url: str, *, timeout_s: float = 5.0) -> http.NoReply:
    reply = post(base_url, timeout_s=timeout_s)
    assert isinstance(reply, http.NoReply)
    return reply


def test_a_reply_has_status_headers_and_body(served: Canned) -> None:
    served.answer(b'{"a":1}', status="429 Too Many Requests", headers="Retry-After: 3\r\n")
    reply = post(served.base_url)
    assert isinstance(reply, http.Reply)
    assert (reply.status, reply.headers["retry-after"], reply.body) == (429, "3", b'{"a":1}')


def test_the_key_travels_in_a_header_and_never_in_the_address(served: Canned) -> None:
    served.answer(b"{}")
    post(served.base_url)
    head = served.received[0].split(b"\r\n")
    assert head[0] == b"POST /v1/chat/completions HTTP/1.1"
    assert f"Authorization: Bearer {KEY}".encode() in head


def test_without_a_key_no_authorization_is_sent(served: Canned) -> None:
    served.answer(b"{}")
    post(served.base_url, key=None)
    assert b"authorization" not in served.received[0].lower()


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_server_that_drips_is_cut_at_the_deadline(served: Canned, where: str) -> None:
    # A byte every 0.05 s: each chunk comes in time, the whole would take 5 s and more.
    served.answer(b" " * 100)
    if where == "head":
        served.raw = b"HTTP/1.1 200 OK\r\nx-slow: " + b"a" * 200 + b"\r\n\r\n"
    else:
        served.raw = served.raw.replace(b"content-type: application/json\r\n", b"")
    served.pace_s = 0.05 if where == "head" else 0.004
    started = time.monotonic()
    reply = refused(served.base_url, timeout_s=0.4)
    assert 0.35 < time.monotonic() - started < 2.0
    assert reply.error.kind is ErrorKind.TIMEOUT
    assert isinstance(reply.error, TransientVoterError)
    assert reply.was_sent


def test_a_server_that_stays_silent_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        reply = refused(f"http://127.0.0.1:{silent.getsockname()[1]}/v1", timeout_s=0.3)
    assert reply.error.kind is ErrorKind.TIMEOUT


def test_a_body_over_4_mb_is_no_answer(served: Canned) -> None:
    served.answer(b"x" * (http.MAX_BODY_BYTES + 1))
    reply = refused(served.base_url)
    assert reply.error.kind is ErrorKind.BAD_RESPONSE
    assert "more than 4 MB" in str(reply.error)


def test_a_body_of_4_mb_is_read(served: Canned) -> None:
    served.answer(b"x" * http.MAX_BODY_BYTES)
    assert isinstance(post(served.base_url), http.Reply)


def test_the_limit_holds_for_what_a_packed_body_unpacks_to(served: Canned) -> None:
    served.answer(gzip.compress(b"x" * (http.MAX_BODY_BYTES + 1)), headers="content-encoding: gzip\r\n")
    assert refused(served.base_url).error.kind is ErrorKind.BAD_RESPONSE


def test_a_body_that_does_not_unpack_is_no_answer(served: Canned) -> None:
    served.answer(b"not gzip", headers="content-encoding: gzip\r\n")
    assert refused(served.base_url).error.kind is ErrorKind.BAD_RESPONSE


def test_nobody_listening_is_unavailable_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    reply = refused(f"http://127.0.0.1:{port}/v1")
    assert reply.error.kind is ErrorKind.UNAVAILABLE
    assert isinstance(reply.error, TransientVoterError)
    assert not reply.was_sent


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"SSH-2.0-OpenSSH_9.9\r\n\r\n", id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", id="an absurd length"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n", id="bad chunks"),
    ],
)
def test_what_is_not_http_is_no_answer(served: Canned, raw: bytes) -> None:
    served.raw = raw
    assert refused(served.base_url).error.kind is ErrorKind.UNAVAILABLE


def test_redirects_are_not_followed(served: Canned) -> None:
    served.answer(b"", status="307 Temporary Redirect", headers=f"location: {served.base_url}/elsewhere\r\n")
    reply = post(served.base_url)
    assert isinstance(reply, http.Reply)
    assert reply.status == 307
    assert len(served.received) == 1


def test_proxies_of_the_environment_are_not_used(served: Canned, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    served.answer(b"{}")
    assert isinstance(post(served.base_url), http.Reply)


def test_threads_that_come_first_share_one_server() -> None:
    found: list[http.Server] = []
    gate = threading.Barrier(20)

    def look() -> None:
        gate.wait()
        found.append(http.server("http://127.0.0.1:9/shared"))

    threads = [threading.Thread(target=look) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.example.com/v1",
        "ftp://example.com",
        "https://user:password@example.com/v1",
        "https://example.com/v1?key=abc",
        "https://exa mple.com:port",
    ],
)
def test_an_address_that_no_key_should_go_to_is_not_configured(base_url: str) -> None:
    with pytest.raises(PermanentVoterError) as raised:
        http.server(base_url)
    assert raised.value.kind is ErrorKind.NOT_CONFIGURED
    assert "password" not in str(raised.value).replace("without user, password", "")


@pytest.mark.parametrize(("given", "used"), [(f"  {KEY}\n", KEY), ("", None), (None, None), (" ", None)])
def test_a_key_loses_the_space_around_it(given: str | None, used: str | None) -> None:
    assert http.usable_key(given) == used


@pytest.mark.parametrize("key", ["sk abc", "sk-a\nbc", "sk-ä", "sk-\x00abc"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_told(key: str) -> None:
    with pytest.raises(PermanentVoterError) as raised:
        http.usable_key(key)
    assert raised.value.kind is ErrorKind.NOT_CONFIGURED
    assert key not in str(raised.value)


def test_nothing_of_a_call_is_logged_below_a_warning(
    served: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    served.answer(b"{}", headers=f"x-echo: {KEY}\r\n")
    post(served.base_url)
    assert KEY not in caplog.text
    assert not [record for record in caplog.records if record.name.split(".")[0] in ("httpx", "httpcore")]


def test_who_lets_go_of_a_server_hangs_up(served: Canned) -> None:
    served.answer(b"{}")
    one = http.Server(served.base_url)
    one.post("chat/completions", b"{}", headers={}, timeout_s=5.0)
    (client,) = one._idle
    assert not client.is_closed
    del one  # at once, without the collector: nothing that a connection knows leads back to the server
    assert client.is_closed
