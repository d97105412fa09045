"""A plain socket server for tests: it sends prepared bytes, however wrong, at a prepared pace."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Canned:
    """What to send to each request on each connection.

    raw       all of the answer, status line included
    pace_s    wait after each byte; 0 sends all at once
    received  the requests' bytes
    """

    base_url: str
    raw: bytes = b""
    pace_s: float = 0.0
    received: list[bytes] = field(default_factory=list)

    def answer(self, body: bytes, *, status: str = "200 OK", headers: str = "") -> None:
        """Prepare a well-formed answer around *body*."""
        head = f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.raw = (head + headers + "\r\n").encode() + body


@contextlib.contextmanager
def canned() -> Iterator[Canned]:
    """Serve on a free loopback port until the end of the test."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        served = Canned(f"http://127.0.0.1:{listener.getsockname()[1]}/v1")
        stopped = threading.Event()
        threading.Thread(target=_accept, args=(listener, served, stopped), daemon=True).start()
        try:
            yield served
        finally:
            stopped.set()
            with contextlib.suppress(OSError):
                socket.create_connection(listener.getsockname(), timeout=1).close()


def _accept(listener: socket.socket, served: Canned, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, served), daemon=True).start()


def _serve(connection: socket.socket, served: Canned) -> None:
    with connection, contextlib.suppress(OSError):
        while request := _request(connection):
            served.received.append(request)
            if not served.pace_s:
                connection.sendall(served.raw)
                continue
            for place in range(len(served.raw)):
                connection.sendall(served.raw[place : place + 1])
                time.sleep(served.pace_s)


def _request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        if not part:
            return b""
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0
    )
    while len(body) < length:
        part = connection.recv(65_536)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body
