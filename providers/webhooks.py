"""Tell an address on the internet something, and nobody inside the house.

An address may be anybody's: whoever may name one must not reach through it what only we can reach.
So a name is looked up once, what it stands for is judged, and exactly that is connected to; a name
that stands for another address a moment later gains nothing. Redirects are not followed, and of the
answer only the status is read. All of it, the look-up too, is bounded by one deadline.
"""

import hashlib
import hmac
import ipaddress
import time
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import httpcore
import httpx

from providers import names
from providers.http import Network

TIMEOUT_S = 5.0
SIGNATURE_HEADER = "Thalas-Signature"
DELIVERY_HEADER = "Thalas-Delivery"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# Addresses that carry an IPv4 address within, which a gateway would connect to.
TUNNELS = tuple(ipaddress.ip_network(block) for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt: a *status*, or else an *error* in a sentence without the address."""

    status: int | None
    error: str

    @property
    def is_delivered(self) -> bool:
        """Say whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def problem(url: str) -> str | None:
    """Say what is wrong with *url* as an address to tell something, in words for whoever gave it.

    What its name stands for is judged at each delivery.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "give an address such as https://example.com/hook"
    host = parts.hostname or ""
    if not (url.isascii() and url.isprintable() and " " not in url and host) or port == 0:
        return "give an address such as https://example.com/hook"
    if parts.username is not None or parts.fragment:
        return "give an address without user, password and fragment"
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK_NAMES):
        return "give an https:// address; http:// goes to 127.0.0.1 only"
    literal = _literal(host)
    if literal is not None and host not in LOOPBACK_NAMES and not is_public(literal):
        return "give an address on the internet, not one of a private network"
    return None


def sign(body: bytes, *, secret: str, at_s: int) -> str:
    """Return the header that proves *body* to come from us at *at_s*, seconds since 1970."""
    digest = hmac.new(secret.encode(), str(at_s).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def post(url: str, body: bytes, *, headers: dict[str, str], timeout_s: float = TIMEOUT_S) -> Outcome:
    """Post the JSON *body* to *url* and return what became of it, within *timeout_s*."""
    wrong = problem(url)
    if wrong is not None:
        return Outcome(None, wrong)
    parts, until = urlsplit(url), time.monotonic() + timeout_s
    network = _Pinned(until, is_loopback=parts.hostname in LOOPBACK_NAMES)
    sent = {"Host": _host(parts), "User-Agent": "thalas", "Content-Type": "application/json", **headers}
    timeout = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
    try:
        with (
            httpcore.ConnectionPool(ssl_context=httpx.create_ssl_context(), network_backend=network) as pool,
            pool.stream(
                "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": timeout}
            ) as answer,
        ):
            return Outcome(answer.status, "" if 200 <= answer.status < 300 else f"answered {answer.status}")
    except NotPublic as error:
        return Outcome(None, str(error))
    except (httpcore.TimeoutException, TimeoutError):
        return Outcome(None, f"did not answer within {timeout_s:g} s")
    except (httpcore.ConnectError, OSError) as error:
        return Outcome(None, f"could not be reached: {str(error)[:100]}")
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        return Outcome(None, f"broke off or sent what is not HTTP ({type(error).__name__})")


def is_public(address: Address) -> bool:
    """Say whether *address* is one that anybody on the internet could reach."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address.teredo is not None or any(address in block for block in TUNNELS):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class NotPublic(Exception):
    """A name stands for an address that is not on the internet."""


class _Pinned(httpcore.NetworkBackend):
    """The network, where a name is looked up once and only what has been judged is connected to.

    TLS still proves the name: it is checked against the certificate after the connection stands.
    """

    def __init__(self, until: float, *, is_loopback: bool) -> None:
        self._until = until
        self._is_loopback = is_loopback
        self._inner = Network(self._left_s)

    def _left_s(self) -> float:
        return self._until - time.monotonic()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        address = str(self._judged(host, port))
        left_s = max(self._left_s(), 0.001)
        return self._inner.connect_tcp(address, port, left_s, local_address, socket_options)

    def _judged(self, host: str, port: int) -> Address:
        found = [_literal(address) for address in names.look_up(host, port, within_s=self._left_s())]
        addresses = [address for address in found if address is not None]
        for address in addresses:
            if not (address.is_loopback if self._is_loopback else is_public(address)):
                raise NotPublic("the name stands for an address that is not on the internet")
        if not addresses:
            raise NotPublic("the name stands for no address")
        return addresses[0]


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
