"""The emulator as a process: where it listens, what it notes, what it withstands."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime

import httpx
import orjson
import pytest

from providers.voters import ballots
from tests.providers.emulator.running import Running, emulator
from tests.providers.voters.samples import brief


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator")) as one:
        yield one


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.base_url, trust_env=False, timeout=10) as one:
        yield one


def question(model: str = "emulated-bull", *symbols: str) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": ballots.show(brief(*symbols))}]}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_it_listens_on_loopback_only(host: str) -> None:
    command = [sys.executable, "-m", "providers.emulator", "--port=0", f"--host={host}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert "cannot start" in ended.stderr


def test_a_taken_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "providers.emulator", f"--port={taken.getsockname()[1]}"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2


def test_each_persona_is_a_model(client: httpx.Client) -> None:
    listed = client.get("models").json()
    assert [one["id"] for one in listed["data"]] == [
        "emulated-bull",
        "emulated-bear",
        "emulated-trend",
        "emulated-doubter",
        "emulated-obedient",
        "emulated-gullible",
    ]


def test_an_answer_names_the_emulated_model(running: Running, client: httpx.Client) -> None:
    running.script({})
    assert client.post("chat/completions", json=question()).json()["model"] == "emulated-bull"


def test_the_same_question_gets_the_same_answer(running: Running, client: httpx.Client) -> None:
    running.script({})
    first, second = (client.post("chat/completions", json=question()).json() for _ in range(2))
    assert first["choices"] == second["choices"]
    assert first["id"] != second["id"]


def test_a_question_without_a_brief_is_answered_all_the_same(running: Running, client: httpx.Client) -> None:
    running.script({})
    asked = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    choice = client.post("chat/completions", json=asked).json()["choices"][0]
    assert choice["message"]["content"] == "Emulated answer: the message holds no brief."


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"model":"m","messages":[]}', b"{" * 10_000])
def test_what_is_no_request_is_answered_400(client: httpx.Client, body: bytes) -> None:
    reply = client.post("chat/completions", content=body)
    assert (reply.status_code, reply.json()["error"]["type"]) == (400, "invalid_request_error")


def test_another_address_is_answered_404(client: httpx.Client) -> None:
    assert client.get("nothing/here").status_code == 404


def test_a_script_that_cannot_be_read_is_told(running: Running, client: httpx.Client) -> None:
    running.script_file.write_text('{"*":[{"latency":1}]}')
    reply = client.post("chat/completions", json=question())
    assert reply.status_code == 500
    assert "latency" in reply.json()["error"]["message"]
    running.script({})


def test_each_call_is_noted_with_its_run_while_it_is_in_flight(running: Running) -> None:
    running.script({"*": [{"latency_s": 0.3}]})
    before = running.state()
    threads = [
        threading.Thread(
            target=httpx.post,
            args=(f"{running.base_url}/chat/completions",),
            kwargs={"json": question(), "headers": {"x-run-id": "run-7"}, "trust_env": False},
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    running.wait_for("started", before["started"] + 3)
    assert running.state()["in_flight"] == 3
    for thread in threads:
        thread.join()
    assert running.state()["in_flight"] == 0
    assert running.state()["finished"] == before["finished"] + 3
    last = running.events()[-1]
    assert (last["event"], last["model"], last["run"]) == ("finished", "emulated-bull", "run-7")


def test_a_caller_that_leaves_is_noted_at_once(running: Running) -> None:
    running.script({"*": [{"latency_s": 30}]})
    before = running.state()
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{running.base_url}/chat/completions", json=question(), timeout=0.2, trust_env=False)
    running.wait_for("cut", before["cut"] + 1)
    assert running.state()["in_flight"] == 0


def test_a_reset_is_a_reset(running: Running) -> None:
    running.script({"*": [{"reset": True}]})
    with pytest.raises(httpx.ReadError, match="reset"):
        httpx.post(f"{running.base_url}/chat/completions", json=question(), trust_env=False)


def test_headers_and_status_are_as_the_script_says(running: Running, client: httpx.Client) -> None:
    running.script({"*": [{"status": 429, "headers": {"Retry-After": "5"}}]})
    reply = client.post("chat/completions", json=question())
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "5")
    assert reply.json()["error"]["code"] == "rate_limit_exceeded"


def test_two_hundred_slow_requests_are_handled_at_once(running: Running) -> None:
    running.script({"*": [{"latency_s": 1.0, "body": "x"}]})
    before = running.state()["started"]
    sent = orjson.dumps(question())
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(sent)}\r\n\r\n".encode()
    port = httpx.URL(running.base_url).port
    started = time.monotonic()
    lines = [socket.create_connection(("127.0.0.1", port or 0), timeout=10) for _ in range(200)]
    for line in lines:
        line.sendall(head + sent)
    for line in lines:
        with line:
            assert line.recv(1_000).startswith(b"HTTP/1.1 200")
    # One after the other they would take 200 s.
    assert time.monotonic() - started < 4.0
    assert running.state()["started"] - before == 200


# What each wire needs at least, with a brief in it.
ASKED: dict[str, dict[str, object]] = {
    "/v1/chat/completions": {"model": "m", "messages": [{"role": "user", "content": "SHOWN"}]},
    "/v1/responses": {"model": "m", "input": "SHOWN"},
    "/v1/messages": {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "SHOWN"}]},
    "/v1beta/models/m:generateContent": {"contents": [{"parts": [{"text": "SHOWN"}]}]},
}


def ask(running: Running, path: str, rule: Mapping[str, object], **given: object) -> httpx.Response:
    """Ask at *path*, with *rule* in the header that only the emulator knows."""
    sent = orjson.dumps({**ASKED[path], **given}).decode()
    return httpx.post(
        running.base_url.removesuffix("/v1") + path,
        content=sent.replace('"SHOWN"', orjson.dumps(ballots.show(brief())).decode()),
        headers={"x-emulator-script": orjson.dumps(rule).decode()},
        trust_env=False,
        timeout=10,
    )


@pytest.mark.parametrize("path", ASKED)
def test_every_wire_votes_on_the_brief(running: Running, path: str) -> None:
    reply = ask(running, path, {"action": "SELL"})
    assert reply.status_code == 200
    assert b"SELL" in reply.content


@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 529])
def test_every_wire_has_an_error_for_every_status(running: Running, path: str, status: int) -> None:
    reply = ask(running, path, {"status": status})
    assert (reply.status_code, reply.json()["error"]["message"] != "") == (status, True)


@pytest.mark.parametrize("path", ASKED)
def test_what_lacks_its_question_is_answered_400_on_every_wire(running: Running, path: str) -> None:
    reply = httpx.post(running.base_url.removesuffix("/v1") + path, json={"model": "m"}, trust_env=False)
    assert (reply.status_code, "error" in reply.json()) == (400, True)


def test_the_header_wins_over_the_file_and_a_wrong_one_is_told(running: Running) -> None:
    running.script({"*": [{"status": 500}]})
    assert ask(running, "/v1/responses", {}).status_code == 200
    reply = ask(running, "/v1/responses", {"statu": 500})
    assert (reply.status_code, "statu" in reply.json()["error"]["message"]) == (500, True)
    running.script({})


CHAT = "/v1/chat/completions"


def test_a_wait_is_told_in_seconds_as_a_date_or_in_the_body(running: Running) -> None:
    def told(path: str, how: str) -> httpx.Response:
        return ask(running, path, {"status": 429, "retry_after": {"seconds": 7, "told": how}})

    assert told(CHAT, "seconds").headers["retry-after"] == "7"
    dated = told(CHAT, "date")
    until, now = (parsedate_to_datetime(dated.headers[name]) for name in ("retry-after", "date"))
    assert 5 <= (until - now).total_seconds() <= 8  # dates have no fractions
    spoken = told("/v1beta/models/m:generateContent", "body")
    assert "retry-after" not in spoken.headers
    assert spoken.json()["error"]["details"][-1]["retryDelay"] == "7s"


def test_claimed_tokens_are_what_the_script_says_and_may_be_left_out(running: Running) -> None:
    claimed = {"usage": {"sent": 900, "received": 50, "cached": 600, "reasoning": 20}}
    found = {path: ask(running, path, claimed).json() for path in ASKED}
    chat, responses, messages, gemini = found.values()
    assert chat["usage"]["completion_tokens_details"]["reasoning_tokens"] == 20
    assert responses["usage"]["input_tokens_details"]["cached_tokens"] == 600
    usage = messages["usage"]  # which are counted apart here
    assert (usage["input_tokens"], usage["cache_read_input_tokens"]) == (300, 600)
    usage = gemini["usageMetadata"]
    assert (usage["candidatesTokenCount"], usage["thoughtsTokenCount"]) == (30, 20)
    for path in ASKED:
        assert {"usage", "usageMetadata"}.isdisjoint(ask(running, path, {"usage": None}).json())


def test_a_body_can_break_off_in_its_middle(running: Running) -> None:
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        ask(running, CHAT, {"cut_after_bytes": 20})


def test_a_damaged_body_is_announced_with_its_own_length(running: Running) -> None:
    reply = ask(running, CHAT, {"damage": "cut"})
    assert len(reply.content) == int(reply.headers["content-length"])
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(reply.content)


def test_a_latency_is_drawn_from_the_scripts_distribution(running: Running) -> None:
    drawn = {"drawn": "uniform", "low_s": 0.2, "high_s": 0.3}
    started = time.monotonic()
    ask(running, CHAT, {"latency_s": drawn})
    assert time.monotonic() - started >= 0.2


def test_an_answer_does_not_wait_for_delayed_acknowledgements(running: Running, client: httpx.Client) -> None:
    running.script({})
    took_s = []
    for _ in range(15):
        started = time.monotonic()
        client.post("chat/completions", json=question())
        took_s.append(time.monotonic() - started)
    # With Nagle's algorithm on, nearly all would take 40 ms.
    assert sorted(took_s)[7] < 0.03
