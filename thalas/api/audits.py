"""The audit chain over HTTP: what people and keys have changed."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query

from thalas.api.doors import Door
from thalas.api.shapes import Out
from thalas.selectors import audits

router = Door(tags=["audit"])


class EntryOut(Out):
    """One change; *sha256* covers its fields and *prev_sha256*, the hash of the entry before."""

    seq: int
    at: datetime
    actor: str
    action: str
    target: str
    details: dict[str, object]
    prev_sha256: str
    sha256: str


class EntriesOut(Out):
    """Entries, the newest first; *older* goes into `before`."""

    entries: list[EntryOut]
    older: int | None


@router.get("", scope="audit:read", response=EntriesOut)
def list_entries(
    request: HttpRequest,
    before: Annotated[int | None, Query(None, ge=1, le=2**53)] = None,
    limit: Annotated[int, Query(50, ge=1, le=500)] = 50,
) -> dict[str, object]:
    """List what people and keys have changed, the newest first."""
    rows = audits.entries(before=before, limit=limit)
    return {"entries": rows, "older": rows[-1].seq if len(rows) == limit else None}
