"""Whether a port can be listened on, and by whom it is taken."""

import contextlib
import errno
import socket
from collections.abc import Iterator

import psutil

from thalas.supervision.errors import PortBusy

PEEK_TIMEOUT_S = 0.2


def ensure_free(host: str, port: int, setting: str) -> None:
    """Make sure that a server could listen on *port* of *host*; *setting* is the way to choose another.

    Binds with SO_REUSEADDR as servers do, so connections in TIME_WAIT do not count as busy.

    Raises:  PortBusy, naming the holder where the system tells.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(_taken(host, port, setting)) from error
        why = error.strerror or str(error)
        raise PortBusy(f"port {port} on {host} cannot be used ({why}); set {setting} to another") from error
    if _answers(host, port):
        raise PortBusy(_taken(host, port, setting))


def _answers(host: str, port: int) -> bool:
    # macOS lets us bind 127.0.0.1 beside a server on every address; visitors would see one or the other.
    try:
        with socket.create_connection((host, port), timeout=PEEK_TIMEOUT_S) as probe:
            # Connecting to a free port of one's own range can meet itself.
            return bool(probe.getsockname() != probe.getpeername())
    except OSError:
        return False


def _taken(host: str, port: int, setting: str) -> str:
    holder = find_listener(port)
    by = "" if holder is None else f" (by {holder[0]}, pid {holder[1]})"
    return f"port {port} on {host} is taken{by}; set {setting} to another"


def find_listener(port: int) -> tuple[str, int] | None:
    """Return name and pid of the process that listens on *port*, or None where the system does not tell."""
    with contextlib.suppress(psutil.Error, OSError):
        for pid, listening_on in _listeners():
            if listening_on == port:
                return psutil.Process(pid).name(), pid
    return None


def _listeners() -> Iterator[tuple[int, int]]:
    try:
        found = [(c.pid, c.status, getattr(c.laddr, "port", 0)) for c in psutil.net_connections("tcp")]
    except psutil.AccessDenied:  # macOS tells the whole only to root, but each of our own processes to us
        found = list(_our_connections())
    for pid, status, port in found:
        if pid is not None and status == psutil.CONN_LISTEN:
            yield pid, port


def _our_connections() -> Iterator[tuple[int | None, str, int]]:
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            for connection in process.net_connections("tcp"):
                yield process.pid, connection.status, getattr(connection.laddr, "port", 0)
