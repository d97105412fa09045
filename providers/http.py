"""HTTP connections kept to each server, for many threads, and a deadline kept to the second.

Not bounded by the deadline: looking up a host's name, which the operating system cannot be told to
hurry, and more than two dead addresses behind one name. Proxies of the environment are not used.
"""

import logging
import re
import ssl
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType

import httpcore
import httpx

from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError, VoterError

MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_CONNECTIONS = 100
# Below the 60 s after which common servers and load balancers hang up.
KEEP_ALIVE_S = 45.0
MAX_CONNECT_S = 5.0
# A handshake that is given 0 s would be given for ever.
MIN_TLS_S = 0.001
HEADERS = {"User-Agent": "thalas", "Accept": "application/json", "Accept-Encoding": "identity"}

# Both write each request's address, and at DEBUG the answer's headers, into whatever log is set up.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer of a server, whatever its status; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class NoReply:
    """Why there is no answer; *was_sent* if the server may have worked, and charged, all the same."""

    error: VoterError
    was_sent: bool


class Server:
    """Everything under one base address, reached over kept connections.

    Each connection is a client of its own, lent to one call at a time, the last used first: a pool
    shared by a hundred threads looks at every idle connection for each call while all wait for its lock.
    """

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._host = _host(base_url)
        self._hurry = threading.local()
        self._ssl_context = httpx.create_ssl_context()  # heeds SSL_CERT_FILE, which some networks need
        self._idle: deque[httpx.Client] = deque()
        self._free = threading.BoundedSemaphore(MAX_CONNECTIONS)
        # Of the many addresses that a process may know, the one not asked for longest is let go of.
        weakref.finalize(self, _hang_up, self._idle)

    def post(
        self, path: str, body: bytes, *, headers: Mapping[str, str], timeout_s: float
    ) -> Reply | NoReply:
        """Send the JSON *body* and return the whole reply, or why there is none, within *timeout_s*.

        headers  what is sent beside the usual ones, a key for example
        """
        headers = {"Content-Type": "application/json", **headers}
        return self._exchange("POST", path, body, headers=headers, timeout_s=timeout_s)

    def get(self, path: str, *, headers: Mapping[str, str], timeout_s: float) -> Reply | NoReply:
        """Return the whole reply of *path*, or why there is none, within *timeout_s*."""
        return self._exchange("GET", path, None, headers=headers, timeout_s=timeout_s)

    def _exchange(
        self, method: str, path: str, body: bytes | None, *, headers: Mapping[str, str], timeout_s: float
    ) -> Reply | NoReply:
        self._hurry.until = time.monotonic() + timeout_s
        timeout = httpx.Timeout(timeout_s, connect=min(timeout_s / 2, MAX_CONNECT_S))
        try:
            with (
                self._connection(timeout_s) as client,
                client.stream(method, path, content=body, headers=headers, timeout=timeout) as answer,
            ):
                return Reply(answer.status_code, _headers(answer), self._read(answer))
        except _TooLarge:
            return NoReply(self._too_large(), was_sent=True)
        except httpx.HTTPError as error:
            return self._no_reply(error, timeout_s)

    def close(self) -> None:
        """Close every connection."""
        _hang_up(self._idle)

    @contextmanager
    def _connection(self, timeout_s: float) -> Iterator[httpx.Client]:
        if not self._free.acquire(timeout=max(0.0, timeout_s)):
            raise httpx.PoolTimeout("every connection is in use")
        try:
            client = self._idle.pop()
        except IndexError:
            client = self._new_client()
        try:
            yield client
        finally:
            self._idle.append(client)
            self._free.release()

    def _new_client(self) -> httpx.Client:
        # Of the server itself a connection knows nothing, or who lets go of the server would keep it.
        transport = _Transport(partial(_left_s, self._hurry), self._ssl_context)
        return httpx.Client(base_url=self._base_url, transport=transport, trust_env=False, headers=HEADERS)

    def _read(self, answer: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                raise _TooLarge
        return bytes(body)

    def _too_large(self) -> VoterError:
        text = f"{self._host} sent more than {MAX_BODY_BYTES // 1024 // 1024} MB"
        return PermanentVoterError(ErrorKind.BAD_RESPONSE, text)

    def _no_reply(self, error: httpx.HTTPError, timeout_s: float) -> NoReply:
        """Say what *error* means; its own text is left out, since it can quote what was sent."""
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            text = f"{self._host} could not be reached in time"
            return NoReply(TransientVoterError(ErrorKind.TIMEOUT, text), was_sent=False)
        if isinstance(error, httpx.TimeoutException):
            text = f"{self._host} did not answer within {timeout_s:.1f} s"
            return NoReply(TransientVoterError(ErrorKind.TIMEOUT, text), was_sent=True)
        if isinstance(error, httpx.ConnectError):
            # Of the operating system or of TLS: "Connection refused", "certificate has expired".
            text = f"{self._host} could not be reached: {str(error)[:120]}"
            return NoReply(TransientVoterError(ErrorKind.UNAVAILABLE, text), was_sent=False)
        if isinstance(error, httpx.NetworkError | httpx.RemoteProtocolError):
            text = f"{self._host} broke off the connection"
            return NoReply(TransientVoterError(ErrorKind.UNAVAILABLE, text), was_sent=True)
        text = f"{self._host} sent what is not HTTP ({type(error).__name__})"
        return NoReply(PermanentVoterError(ErrorKind.BAD_RESPONSE, text), was_sent=True)


def _left_s(hurry: threading.local) -> float:
    return float(hurry.until) - time.monotonic()


def _hang_up(idle: deque[httpx.Client]) -> None:
    while idle:
        idle.pop().close()


def server(base_url: str) -> Server:
    """Return this process's one `Server` for *base_url*.

    Raises:  PermanentVoterError(NOT_CONFIGURED) if that is no address to send a key to.
    """
    with _opening:  # or two threads that come first would open two
        return _server(base_url)


_opening = threading.Lock()


@lru_cache(maxsize=64)
def _server(base_url: str) -> Server:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise PermanentVoterError(ErrorKind.NOT_CONFIGURED, "the base URL is no URL") from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query or url.fragment:
        text = "the base URL must be http(s) without user, password, query or fragment"
        raise PermanentVoterError(ErrorKind.NOT_CONFIGURED, text)
    return Server(base_url)


def usable_key(key: str | None) -> str | None:
    """Return *key* without the space around it, or None if nothing is left.

    Raises:  PermanentVoterError(NOT_CONFIGURED) if it cannot be sent as a header. Sent all the same,
             the client's error would quote it.
    """
    stripped = (key or "").strip()
    if re.search(r"[^\x21-\x7e]", stripped):
        text = "the API key holds spaces or characters that no key has"
        raise PermanentVoterError(ErrorKind.NOT_CONFIGURED, text)
    return stripped or None


def _host(base_url: str) -> str:
    return httpx.URL(base_url).netloc.decode("ascii")


def _headers(answer: httpx.Response) -> Mapping[str, str]:
    return MappingProxyType({name.lower(): value for name, value in answer.headers.items()})


class _TooLarge(Exception):
    """More bytes than any answer has."""


class _Transport(httpx.HTTPTransport):
    """httpx's own transport, on a network whose every read and write knows the time left.

    httpx's timeouts start again with each chunk, headers included: a server that sends one byte a
    second would be listened to for ever. The pool is a private attribute; a test with such a server
    fails if it is ever renamed.
    """

    def __init__(self, left_s: Callable[[], float], ssl_context: ssl.SSLContext) -> None:
        super().__init__(trust_env=False, verify=ssl_context)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context,
            max_connections=1,
            keepalive_expiry=KEEP_ALIVE_S,
            network_backend=Network(left_s),
        )


class Network(httpcore.NetworkBackend):
    """The ordinary network; its connections give up when no time is left."""

    def __init__(self, left_s: Callable[[], float]) -> None:
        self._left_s = left_s
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(stream, self._left_s)


class _Stream(httpcore.NetworkStream):
    """One connection that gives up when no time is left."""

    def __init__(self, inner: httpcore.NetworkStream, left_s: Callable[[], float]) -> None:
        self._inner = inner
        self._left_s = left_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left_s = self._left_s()
        if left_s <= 0:
            raise httpcore.ReadTimeout("no time is left")
        return self._inner.read(max_bytes, left_s)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left_s = self._left_s()
        if left_s <= 0:
            raise httpcore.WriteTimeout("no time is left")
        self._inner.write(buffer, left_s)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left_s = max(self._left_s(), MIN_TLS_S)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left_s), self._left_s)

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
