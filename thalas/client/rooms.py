"""What a house keeps beside its runs: voters, watchlists, the kill switch; and how it is asked for."""

from collections.abc import Mapping, Sequence
from typing import TypeVar
from urllib.parse import quote
from uuid import uuid4

import httpx
from pydantic import ValidationError

from thalas.client.answers import Answer
from thalas.client.errors import Broken
from thalas.client.holdings import KillSwitch, Voter, VoterList, Watchlist, WatchlistList
from thalas.client.wires import Call, Wire

A = TypeVar("A", bound=Answer)
T = TypeVar("T")


def parsed(kind: type[A], answer: httpx.Response) -> A:
    """Return *answer* as a *kind*.

    Raises:  Broken.
    """
    try:
        return kind.model_validate_json(answer.content)
    except ValidationError:
        told = f"The answer to {answer.request.url.path} is none of this API"
    raise Broken(told, status=answer.status_code)


def at(*parts: object) -> str:
    """Return the path of *parts*, of which none can be more than one."""
    return "/" + "/".join(quote(str(part), safe="") for part in parts)


def new_key() -> str:
    """Return a key under which one request may be sent again."""
    return uuid4().hex


def given(**fields: T | None) -> dict[str, T]:
    """Return those of *fields* that are not None: the house has defaults of its own."""
    return {name: value for name, value in fields.items() if value is not None}


class Room:
    """One kind of thing that the house keeps."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def _get(self, kind: type[A], path: str, params: Mapping[str, str] | None = None) -> A:
        return parsed(kind, self._wire.send(Call("GET", path, params=params or {})))

    def _send(self, kind: type[A], method: str, path: str, body: Mapping[str, object] | None = None) -> A:
        return parsed(kind, self._wire.send(Call(method, path, body=body)))

    def _create(self, kind: type[A], path: str, body: Mapping[str, object], repeat_key: str | None) -> A:
        call = Call("POST", path, body=body, repeat_key=repeat_key or new_key())
        return parsed(kind, self._wire.send(call))


class Voters(Room):
    """The council's members."""

    def all(self) -> tuple[Voter, ...]:
        """Return every voter, those that are disabled or gone too."""
        return self._get(VoterList, "/voters").voters

    def read(self, name: str) -> Voter:
        """Return the voter *name*."""
        return self._get(Voter, at("voters", name))

    def edit(self, name: str, *, is_enabled: bool | None = None, weight: float | None = None) -> Voter:
        """Enable or disable *name*, or give it another weight; None leaves it as it is."""
        body = given(is_enabled=is_enabled, weight=weight)
        return self._send(Voter, "PATCH", at("voters", name), body)


class Watchlists(Room):
    """The named lists of symbols."""

    def all(self) -> tuple[Watchlist, ...]:
        """Return every watchlist."""
        return self._get(WatchlistList, "/watchlists").watchlists

    def read(self, name: str) -> Watchlist:
        """Return the watchlist *name*."""
        return self._get(Watchlist, at("watchlists", name))

    def create(self, name: str, symbols: Sequence[str], *, idempotency_key: str | None = None) -> Watchlist:
        """Make a watchlist of *symbols*; sent again under the same key it is made once."""
        body = {"name": name, "symbols": list(symbols)}
        return self._create(Watchlist, "/watchlists", body, idempotency_key)

    def edit(self, name: str, symbols: Sequence[str]) -> Watchlist:
        """Give *name* other symbols."""
        return self._send(Watchlist, "PATCH", at("watchlists", name), {"symbols": list(symbols)})

    def delete(self, name: str) -> None:
        """Delete *name*."""
        self._wire.send(Call("DELETE", at("watchlists", name)))


class Switch(Room):
    """The kill switch: while it is engaged nothing is approved."""

    def read(self) -> KillSwitch:
        """Return how it stands."""
        return self._get(KillSwitch, "/kill-switch")

    def trip(self, reason: str) -> KillSwitch:
        """Engage it."""
        return self._send(KillSwitch, "POST", "/kill-switch/trip", {"reason": reason})

    def release(self, reason: str) -> KillSwitch:
        """Release it."""
        return self._send(KillSwitch, "POST", "/kill-switch/release", {"reason": reason})
