"""Append to the audit chain: each entry holds the hash of the one before, so that no change goes unseen."""

import os
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import structlog
from django.db import connection, transaction

from thalas import models
from thalas.domain import chains
from thalas.errors import BadInput
from thalas.selectors import audits, rows
from thalas.services import inserts
from thalas.supervision import folders

log = structlog.get_logger(__name__)

# A value under such a name is never kept, whoever passes it.
SECRET_NAME = re.compile(r"secret$|password|token$|^key$|api_key$|authorization", re.IGNORECASE)
THE_HOUSE = "the house"
# Written out, as the two before it: whoever appends meanwhile waits for as long as these three take.
MOVE_HEAD = "UPDATE thalas_audithead SET seq = %s, sha256 = %s WHERE id = %s"


def append(
    *, actor: str, action: str, now: datetime, target: str = "", details: Mapping[str, object] | None = None
) -> models.AuditEntry:
    """Append what *actor* did at *now* to the chain, within the caller's transaction.

    The chain's end stays locked until that transaction does: call this last in it.

    Raises:  BadInput if nobody or nothing is named.
    """
    for field, value in (("actor", actor), ("action", action)):
        if not value.strip():
            raise BadInput(field, value, "say who did what")
    kept = _plain(details or {})
    with transaction.atomic(savepoint=False):
        return _put(_locked_head(now), actor=actor, action=action, target=target, details=kept, now=now)


def anchor(*, now: datetime) -> chains.Anchor | None:
    """Keep the chain's end outside the database; None if it has not moved since the last time.

    Whoever rewrites the whole chain with its head cannot rewrite this file, if it lies where they cannot go.
    """
    end = audits.head()
    known = audits.anchored()[0]
    if end is None or (known and (known[-1].seq, known[-1].sha256) == end):
        return None
    made = chains.Anchor(now, *end)
    path = audits.anchors_file()
    folders.prepare(path.parent)
    with path.open("a", encoding="ascii") as file:
        file.write(made.line())
        file.flush()
        os.fsync(file.fileno())
    log.info("audit_anchored", seq=made.seq, sha256=made.sha256)
    return made


def _put(
    head: models.AuditHead, *, actor: str, action: str, target: str, details: object, now: datetime
) -> models.AuditEntry:
    entry = models.AuditEntry(
        seq=head.seq + 1,
        at=now,
        actor=_text(actor)[:100],
        action=_text(action)[:60],
        target=_text(target)[:200],
        details=details,
        prev_sha256=head.sha256,
    )
    entry.sha256 = chains.digest(
        chains.Link(
            seq=entry.seq,
            at=chains.moment(entry.at),
            actor=entry.actor,
            action=entry.action,
            target=entry.target,
            details=entry.details,
            prev_sha256=entry.prev_sha256,
        )
    )
    inserts.put([entry])
    head.seq, head.sha256 = entry.seq, entry.sha256
    with connection.cursor() as cursor:
        cursor.execute(MOVE_HEAD, [head.seq, head.sha256, head.pk])
    return entry


def _locked_head(now: datetime) -> models.AuditHead:
    """Return the chain's end, locked; SQLite locks the whole database as a transaction begins."""
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    head = rows.first(models.AuditHead, f"id = %(id)s{lock}", id=models.AuditHead.ONLY_ID)
    if head is not None:
        return head
    last = models.AuditEntry.objects.order_by("-seq").first()
    seq, sha256 = (0, chains.GENESIS) if last is None else (last.seq, last.sha256)
    # Of two that come first, one inserts, and the other waits here for it and then for its lock.
    made = models.AuditHead(pk=models.AuditHead.ONLY_ID, seq=seq, sha256=sha256)
    models.AuditHead.objects.bulk_create([made], ignore_conflicts=True)
    head = models.AuditHead.objects.select_for_update().get(pk=made.pk)
    if head.seq > 0 and last is not None and head.seq == last.seq:
        # Nobody deletes the head but somebody who should not. The house works on, and the chain says so.
        _put(head, actor=THE_HOUSE, action=chains.HEAD_RESTORED, target="", details={}, now=now)
    return head


def _plain(value: object) -> object:
    """Return *value* as JSON that every database gives back unchanged, without secrets."""
    if isinstance(value, Mapping):
        return {
            _text(str(name)): "[not kept]" if SECRET_NAME.search(str(name)) else _plain(item)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    # A float comes back from PostgreSQL's jsonb as another one: 1e16 as a whole number.
    return _text(format(value, "f") if isinstance(value, Decimal) else str(value))


def _text(value: str) -> str:
    """Return *value* without what PostgreSQL or UTF-8 cannot hold."""
    return value.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
