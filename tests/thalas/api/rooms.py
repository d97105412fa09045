"""A small API behind the real door, for tests of the door itself."""

from django.http import HttpRequest
from django.urls import path
from ninja import Schema

from thalas.api import problems
from thalas.api.app import Api
from thalas.api.bodies import JsonParser
from thalas.api.doors import Door, caller

SECRET = "sk-room-secret-0123456789"


class Note(Schema):
    """What comes in."""

    title: str
    size: int


door = Door(tags=["rooms"])


@door.get("/notes", scope="runs:read")
def read(request: HttpRequest, limit: int = 10) -> dict[str, object]:
    """Say who reads."""
    return {"account": caller(request).account, "actor": caller(request).actor, "limit": limit}


@door.post("/notes", scope="runs:write")
def write(request: HttpRequest, note: Note) -> dict[str, object]:
    """Give back what was sent."""
    return {"title": note.title, "size": note.size}


@door.get("/notes/later", scope="runs:read")
async def read_later(request: HttpRequest) -> dict[str, str]:
    """Say who reads, from async code."""
    return {"account": caller(request).account}


@door.get("/broken/{how}", scope="runs:read")
def broken(request: HttpRequest, how: str) -> None:
    """Raise what *how* names."""
    raise BROKEN[how]


BROKEN: dict[str, Exception] = {}

rooms = Api(title="Rooms", urls_namespace="rooms", parser=JsonParser(), default_router=Door())
problems.install(rooms)
rooms.add_router("/v1", door)
urlpatterns = [path("api/", rooms.urls)]
