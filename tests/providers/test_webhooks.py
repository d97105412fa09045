"""What may be told to whom: signed, in time, and never to anybody inside the house."""

import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from providers import webhooks
from tests.providers.canned import Canned, canned


@pytest.fixture
def receiver() -> Iterator[Canned]:
    """Return a receiver on a loopback port."""
    with canned() as served:
        yield served


def resolving_to(monkeypatch: pytest.MonkeyPatch, *turns: tuple[str, ...]) -> list[str]:
    """Let every name stand for the addresses of *turns*, one turn after the other; return the names asked."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[object]:
        asked.append(host)
        addresses = turns[min(len(asked), len(turns)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_a_signature_is_that_of_time_and_body_under_the_secret() -> None:
    header = webhooks.sign(b'{"a":1}', secret="whsec_x", at_s=1700000000)
    wanted = hmac.new(b"whsec_x", b'1700000000.{"a":1}', hashlib.sha256).hexdigest()
    assert header == f"t=1700000000,v1={wanted}"


def test_what_is_sent_arrives_as_it_was_signed(receiver: Canned) -> None:
    receiver.answer(b"thanks")
    outcome = webhooks.post(receiver.base_url, b'{"a":1}', headers={"Thalas-Delivery": "7"})
    assert outcome == webhooks.Outcome(200, "")
    head, _, body = receiver.received[0].partition(b"\r\n\r\n")
    assert body == b'{"a":1}'
    assert b"Thalas-Delivery: 7" in head
    assert head.startswith(b"POST /v1 HTTP/1.1\r\n")


@pytest.mark.parametrize("status", ["301 Moved Permanently", "307 Temporary Redirect"])
def test_a_redirect_is_not_followed(receiver: Canned, status: str) -> None:
    receiver.answer(b"", status=status, headers=f"location: {receiver.base_url}/elsewhere\r\n")
    outcome = webhooks.post(receiver.base_url, b"{}", headers={})
    assert (outcome.status, outcome.is_delivered) == (int(status[:3]), False)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("raw", [b"", b"HTTP/1.1 200 OK\r\nx: " + b"y" * 400])
def test_a_receiver_that_hangs_or_drips_is_left_in_time(receiver: Canned, raw: bytes) -> None:
    receiver.raw, receiver.pace_s = raw, 0.05
    began = time.monotonic()
    outcome = webhooks.post(receiver.base_url, b"{}", headers={}, timeout_s=0.5)
    assert time.monotonic() - began < 1.5
    assert outcome.status is None
    assert "did not answer within 0.5 s" in outcome.error or "broke off" in outcome.error


def test_an_endless_answer_is_not_read(receiver: Canned) -> None:
    receiver.raw = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n" + b"x" * 1000
    began = time.monotonic()
    assert webhooks.post(receiver.base_url, b"{}", headers={}).is_delivered
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com",
        "https://user:pw@example.com",
        "https://example.com/#f",
        "https://10.0.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://0.0.0.0/",
        "https://127.0.0.2/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "https://",
        "https://exa mple.com",
        "https://example.com:99999/",
        "https://[::1",
        "nonsense",
        "",
    ],
)
def test_an_address_that_is_not_on_the_internet_is_refused(url: str) -> None:
    assert webhooks.problem(url) is not None
    assert webhooks.post(url, b"{}", headers={}).status is None


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/hook?x=1",
        "https://93.184.216.34:8443/",
        "http://127.0.0.1:9/",
        "http://localhost:9/",
    ],
)
def test_an_address_on_the_internet_or_this_very_machine_is_taken(url: str) -> None:
    assert webhooks.problem(url) is None


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "::1", "fe80::1%eth0"]
)
def test_a_name_that_stands_for_an_address_inside_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    resolving_to(monkeypatch, ("93.184.216.34", inside))
    monkeypatch.setattr(socket, "create_connection", _must_not_connect)
    outcome = webhooks.post("https://innocent.example/hook", b"{}", headers={})
    assert "not on the internet" in outcome.error


def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = resolving_to(monkeypatch, ("93.184.216.34",), ("127.0.0.1",))
    connected: list[object] = []

    def connect(address: tuple[str, int], *_: object, **__: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "create_connection", connect)
    outcome = webhooks.post("https://rebinding.example:8443/hook", b"{}", headers={})
    assert asked == ["rebinding.example"]
    assert connected == [("93.184.216.34", 8443)]
    assert "could not be reached" in outcome.error


def test_a_local_name_that_leads_elsewhere_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ("10.0.0.1",))
    monkeypatch.setattr(socket, "create_connection", _must_not_connect)
    assert webhooks.post("http://localhost:80/", b"{}", headers={}).status is None


def test_a_name_that_cannot_be_one_is_an_outcome() -> None:
    outcome = webhooks.post(f"https://{'a' * 64}.example/", b"{}", headers={})
    assert outcome.error.startswith("could not be reached")


def test_a_name_whose_look_up_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answers.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    monkeypatch.setattr(socket, "create_connection", _must_not_connect)
    began = time.monotonic()
    outcome = webhooks.post("https://nowhere.example/", b"{}", headers={}, timeout_s=0.3)
    answers.set()
    assert time.monotonic() - began < 1.5
    assert outcome == webhooks.Outcome(None, "did not answer within 0.3 s")


def test_nobody_there_is_an_outcome_without_the_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    outcome = webhooks.post(f"http://127.0.0.1:{port}/?token=canary", b"{}", headers={})
    assert outcome.error.startswith("could not be reached")
    assert "canary" not in outcome.error


def _must_not_connect(*_: object, **__: object) -> socket.socket:
    raise AssertionError("connected to an address inside the house")
