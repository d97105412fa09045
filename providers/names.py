"""Look up what a name stands for within a time; the system's own way of asking has no limit.

A look-up cannot be broken off, only left alone: each has a thread of its own that keeps no process
from ending, and there are never more than a few of them, however many names lead nowhere.
"""

import socket
import threading
import time
from queue import Empty, SimpleQueue

MOST_AT_ONCE = 32
_room = threading.BoundedSemaphore(MOST_AT_ONCE)


def look_up(host: str, port: int, *, within_s: float) -> list[str]:
    """Return the addresses that *host* stands for.

    Raises:  OSError if there is no such name; TimeoutError if nobody has said it *within_s*.
    """
    until = time.monotonic() + within_s
    if not _room.acquire(timeout=max(0.0, within_s)):
        raise TimeoutError(f"{MOST_AT_ONCE} look-ups of names hang already")
    told: SimpleQueue[list[str] | OSError] = SimpleQueue()
    threading.Thread(target=_ask, args=(host, port, told), name="look-up", daemon=True).start()
    try:
        found = told.get(timeout=max(0.0, until - time.monotonic()))
    except Empty:
        raise TimeoutError("the name was not looked up in time") from None
    if isinstance(found, OSError):
        raise found
    return found


def _ask(host: str, port: int, told: "SimpleQueue[list[str] | OSError]") -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        told.put([str(entry[4][0]) for entry in entries])
    except OSError as error:
        told.put(error)
    except UnicodeError:  # a label that is empty or longer than 63 letters
        told.put(OSError("is no name"))
    finally:
        _room.release()
