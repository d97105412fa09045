"""Watchlists over HTTP: list, create, change, delete."""

from typing import Annotated

from django.http import HttpRequest
from ninja import Schema, Status
from pydantic import ConfigDict, Field

from thalas import models
from thalas.api.doors import Door, caller
from thalas.api.requests import RepeatKey, repeatable
from thalas.errors import NotFound
from thalas.selectors import clock
from thalas.services import creations, watchlists
from thalas.services.councils import MAX_SYMBOLS

router = Door(tags=["watchlists"])
Name = Annotated[str, Field(pattern=r"^[-a-zA-Z0-9_]{1,40}$", examples=["majors"])]
Symbols = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=40)]],
    Field(min_length=1, max_length=MAX_SYMBOLS, examples=[["BTC/USD", "ETH/USD"]]),
]


class SymbolsIn(Schema):
    """The symbols of a watchlist."""

    model_config = ConfigDict(strict=True, extra="forbid")

    symbols: Symbols


class WatchlistIn(SymbolsIn):
    """A watchlist to be made."""

    name: Name


class WatchlistOut(Schema):
    """A named list of symbols, and the schedules that scan it."""

    name: str
    symbols: list[str]
    schedules: list[str]


class WatchlistsOut(Schema):
    """All watchlists."""

    watchlists: list[WatchlistOut]


@router.get("", scope="watchlists:read", response=WatchlistsOut)
def list_watchlists(request: HttpRequest) -> dict[str, object]:
    """List all watchlists."""
    rows = models.Watchlist.objects.prefetch_related("schedules").order_by("pk")
    return {"watchlists": [tell(row) for row in rows]}


@router.post("", scope="watchlists:write", response={201: WatchlistOut})
def create_watchlist(
    request: HttpRequest, body: WatchlistIn, idempotency_key: RepeatKey
) -> Status[dict[str, object]]:
    """Make a watchlist of symbols that the market has; 409 if there is one of that name."""
    now, by = clock.now(), caller(request).actor
    asked = repeatable(request, idempotency_key, route="POST /watchlists")
    made = creations.once(
        asked, lambda: tell(watchlists.create(body.name, body.symbols, by=by, now=now)), now=now
    )
    return Status(201, made)


@router.get("/{slug:name}", scope="watchlists:read", response=WatchlistOut)
def read_watchlist(request: HttpRequest, name: str) -> dict[str, object]:
    """Read one watchlist."""
    found = models.Watchlist.objects.filter(pk=name).first()
    if found is None:
        raise NotFound(f"there is no watchlist {name}")
    return tell(found)


@router.patch("/{slug:name}", scope="watchlists:write", response=WatchlistOut)
def edit_watchlist(request: HttpRequest, name: str, body: SymbolsIn) -> dict[str, object]:
    """Give a watchlist other symbols; schedules scan them from their next time on."""
    return tell(watchlists.edit(name, body.symbols, by=caller(request).actor, now=clock.now()))


@router.delete("/{slug:name}", scope="watchlists:write", response={204: None})
def delete_watchlist(request: HttpRequest, name: str) -> Status[None]:
    """Delete a watchlist; 409 while a schedule uses it."""
    watchlists.delete(name, by=caller(request).actor, now=clock.now())
    return Status(204, None)


def tell(watchlist: models.Watchlist) -> dict[str, object]:
    """Return *watchlist* as clients read it."""
    users = sorted(schedule.pk for schedule in watchlist.schedules.all())
    return {"name": watchlist.pk, "symbols": watchlist.symbols, "schedules": users}
