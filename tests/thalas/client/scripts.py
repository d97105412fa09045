"""A house that says what a script says, over a real socket; and time that passes only by sleeping."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from thalas.client import Thalas
from thalas.client.wires import Patience

KEY = "tk0123456789ab.canary-in-every-secret"
RUN_ID = "01a1fe37-0cbf-715d-9652-85c5a9ada0d0"
RUN = {"id": RUN_ID, "state": "open", "shared": False, "age_s": 0.0}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; *is_cut*: the connection goes before all of it has been sent."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One request."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)  # the key is among them, as it has to be
    body: bytes


def told(body: object, status: int = 200, **headers: str) -> Said:
    """Return an answer that is JSON; of a header's name, _ stands for -."""
    media = "application/problem+json" if status >= 400 else "application/json"
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Said(status, json.dumps(body).encode(), {"Content-Type": media, **names})


def problem(status: int, detail: str = "told so", details: object = None, **headers: str) -> Said:
    """Return an answer that is a problem."""
    return told({"status": status, "detail": detail, "details": details or {}}, status, **headers)


CUT = Said(is_cut=True)


@dataclass
class House:
    """What it heard, and how it answers."""

    url: str
    answer: Callable[[Heard], Said]
    heard: list[Heard] = field(default_factory=list)


def script(*answers: Said) -> Callable[[Heard], Said]:
    """Return a way to answer with each of *answers* in turn, and with the last one for ever."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now_s: float = 0.0
    slept_s: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept_s.append(seconds)
        self.now_s += seconds

    def patience(self, longest_s: float = 30.0) -> Patience:
        """Return a patience that lives in this time."""
        return Patience(longest_s, sleep=self.sleep, clock=lambda: self.now_s)


@contextlib.contextmanager
def house(answer: Callable[[Heard], Said]) -> Iterator[House]:
    """Serve on a free loopback port until the end of the test."""
    served = House("", answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard = Heard(self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body)
            served.heard.append(heard)
            said = served.answer(heard)
            if said.is_cut and not said.body:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            if said.status != 204:
                self.send_header("Content-Length", str(len(said.body) + said.is_cut))
            self.end_headers()
            self.wfile.write(said.body)
            self.close_connection = said.is_cut

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def client(*answers: Said, patience: Patience | None = None) -> Iterator[tuple[Thalas, House]]:
    """Yield a client of a house that says *answers*, and the house."""
    patience = patience or Time().patience()
    with house(script(*answers)) as served, Thalas(served.url, KEY, patience=patience) as thalas:
        yield thalas, served
