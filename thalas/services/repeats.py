"""Requests that carry an Idempotency-Key: the same one again has the same answer, from the database alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from thalas import models
from thalas.errors import BadInput, NotPossible
from thalas.selectors import rows
from thalas.services import inserts, turns

MOST_LETTERS = 200


class KeyReused(NotPossible):
    """An Idempotency-Key came again with another request."""


@dataclass(frozen=True, slots=True)
class Request:
    """What came under an Idempotency-Key; *route* is method and path, *body_sha256* of the body's bytes."""

    account: str
    key: str
    route: str
    body_sha256: str

    def __post_init__(self) -> None:
        if not (self.key.isascii() and self.key.isprintable() and 1 <= len(self.key) <= MOST_LETTERS):
            raise BadInput(
                "Idempotency-Key", self.key[:40], f"give 1 to {MOST_LETTERS} ASCII letters that print"
            )


def recall(request: Request) -> models.IdempotentRequest | None:
    """Return what was kept of *request*; None if it is new, and then nobody else can keep it before this
    transaction ends.

    Raises:  KeyReused if the key came with another request.
    """
    turns.take("idempotency", request.account, request.key)
    kept = rows.first(
        models.IdempotentRequest,
        "account_id = %(account)s AND key = %(key)s",
        account=request.account,
        key=request.key,
    )
    if kept is None or (kept.route, kept.body_sha256) == (request.route, request.body_sha256):
        return kept
    what = "another body" if kept.route == request.route else f"{kept.route}"
    raise KeyReused(
        f"Idempotency-Key={request.key!r} was used for {what}; send the same body again, or a new key"
    )


def keep(
    request: Request,
    *,
    now: datetime,
    run: models.Run | None = None,
    answer: Mapping[str, object] | None = None,
) -> None:
    """Keep what *request* led to, in the transaction of what it created."""
    kept = models.IdempotentRequest(
        account_id=request.account,
        key=request.key,
        route=request.route[:200],
        body_sha256=request.body_sha256,
        run=run,
        answer=None if answer is None else dict(answer),
        created_at=now,
    )
    inserts.put([kept])
