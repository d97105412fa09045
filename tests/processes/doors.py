"""Web processes of a fleet, and clients that knock at them over real sockets."""

import socket
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import httpx

from tests.processes import fleets, waits
from tests.processes.fleets import Fleet
from tests.thalas.api import callers

RUNS = "/api/v1/runs"
LIMITS = httpx.Limits(max_connections=None)


@dataclass(frozen=True, slots=True)
class Door:
    """A web process that listens."""

    name: str
    port: int

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


def opened(fleet: Fleet, *names: str, **variables: str) -> list[Door]:
    """Start a web process for each of *names*, each on a port of its own, and wait until all listen."""
    doors = [Door(name, port_of(name)) for name in names]
    for door in doors:
        argv = tuple(word for word in fleet.argv("web") if not word.startswith("--port="))
        fleet.add(door.name, like="web", argv=(*argv, f"--port={door.port}"), **variables).start()
    for door in doors:
        waits.until(partial(listens, door.port), within_s=60, what=f"{door.name} listens")
    return doors


@cache
def port_of(name: str) -> int:
    """Return the port of web process *name*, the same for whoever asks."""
    return fleets.free_port()


def listens(port: int) -> bool:
    """Say whether somebody listens on *port*."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def key() -> dict[str, str]:
    """Return the headers of a new key that may do everything."""
    return {"Authorization": f"Bearer {callers.key().shown}"}


def question(**changes: Any) -> dict[str, Any]:
    """Return the body of a question that is always asked anew."""
    return {"symbols": ["BTC/USD"], "timeframe": "1d", "force_refresh": True, **changes}
