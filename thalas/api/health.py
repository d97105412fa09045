"""Is it up, and is it of use? For load balancers and people; both are open and say little to strangers."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime

import orjson
import structlog
from django.db import DatabaseError, InterfaceError, connections
from django.http import HttpRequest, HttpResponse
from ninja import Schema

from thalas.api import replies
from thalas.api.doors import Door, Lock
from thalas.api.errors import Refused
from thalas.selectors import readiness
from thalas.selectors.readiness import Part

log = structlog.get_logger(__name__)
router = Door(tags=["health"])
SCOPE = "health:read"
# Asked more often than this, the same look is told again: nobody can hammer the database through here.
FRESH_S = 1.0
# A look that takes longer means that the database is out.
PATIENCE_S = 0.9


class LiveOut(Schema):
    """The process answers."""

    is_live: bool


class PartOut(Schema):
    """One part; null where it cannot be told while another is out. *told* is for keys with health:read."""

    name: str
    is_ready: bool | None
    told: str | None


class ReadyOut(Schema):
    """Whether runs are opened, voted on and closed as they should be."""

    is_ready: bool
    parts: list[PartOut]


class Lookout:
    """Looks at the parts in one thread of its own, at most so often, however many ask."""

    def __init__(self, see: Callable[[], list[Part]]) -> None:
        self._see = see
        self._eyes = ThreadPoolExecutor(1, thread_name_prefix="readiness")
        self._lock = threading.Lock()
        self._look: Future[list[Part]] | None = None
        self._began_at = 0.0

    def parts(self) -> list[Part]:
        """Return the parts as they were a moment ago; a look that takes long means a database that is out."""
        with self._lock:
            look = self._look
            if look is None or (look.done() and time.monotonic() - self._began_at > FRESH_S):
                self._began_at = time.monotonic()
                look = self._look = self._eyes.submit(self._see)
            began_at = self._began_at
        try:
            return look.result(timeout=max(0.05, began_at + PATIENCE_S - time.monotonic()))
        except NotInTime:
            return readiness.no_database()


def _look() -> list[Part]:
    try:
        return readiness.parts()
    except Exception as error:
        log.exception("readiness_unknown", error=type(error).__name__)
        return readiness.no_database(told=f"cannot be looked at: {type(error).__name__}")
    finally:
        connections.close_all()


lookout = Lookout(_look)


@router.get("/healthz", scope=None, response=LiveOut)
def live(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; nothing else is looked at."""
    return HttpResponse(b'{"is_live": true}', content_type="application/json")


@router.get("/readyz", scope=None, response=ReadyOut)
def ready(request: HttpRequest) -> HttpResponse:
    """Say which parts are ready; 503, a problem with the same fields, if one is out.

    Keys with health:read are told more.
    """
    parts = lookout.parts()
    is_ready = all(part.is_ready is not False for part in parts)
    is_told = parts[0].is_ready is True and _may_know(request)
    told = {
        "is_ready": is_ready,
        "parts": [
            {"name": part.name, "is_ready": part.is_ready, "told": part.told if is_told else None}
            for part in parts
        ],
    }
    if is_ready:
        return HttpResponse(orjson.dumps(told), content_type="application/json")
    out = ", ".join(part.name for part in parts if part.is_ready is False)
    problem = orjson.loads(replies.written(503, f"Out: {out}", error="Not ready"))
    return HttpResponse(orjson.dumps(problem | told), status=503, content_type=replies.MEDIA_TYPE)


def _may_know(request: HttpRequest) -> bool:
    """Say whether the request shows a key that may know more; without one it costs nothing."""
    if not (request.headers.get("Authorization") or request.headers.get("X-API-Key")):
        return False
    try:
        Lock(SCOPE, gives_back=False)(request)
    except (Refused, DatabaseError, InterfaceError):
        return False
    return True
