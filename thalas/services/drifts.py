"""Which model answers in a voter's name: each is noted once, and told of once if it is not the one it was."""

import threading
from datetime import datetime

import structlog
from django.db import Error, transaction

from thalas import models
from thalas.domain import aliases
from thalas.domain import votes as checks
from thalas.services import audits

log = structlog.get_logger(__name__)

MOST_LETTERS = 100
# What this process has noted already; the row in the database is what counts.
MOST_KNOWN = 10_000
_known: set[tuple[str, str, str]] = set()
_lock = threading.Lock()


def note(*, voter: str, asked: str, answered: str | None, now: datetime) -> bool:
    """Note that *answered* spoke for *voter*; say whether that was news worth an alert.

    Of all workers that see it first, one tells: whoever makes the row. A database that is away costs
    nothing but that the next answer is looked at again.
    """
    model = checks.storable(answered or "")[:MOST_LETTERS]
    seen = (voter, asked, model)
    if not model or seen in _known:
        return False
    try:
        before = _noted(voter=voter, asked=asked, model=model, now=now)
    except Error as error:
        log.warning("model_not_noted", voter=voter, error=type(error).__name__)
        return False
    with _lock:
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known.add(seen)
    if before is None:
        return False
    log.warning("model_changed", voter=voter, asked=asked, answered=model, before=before)
    return True


def forget() -> None:
    """Look at the database again for every model."""
    with _lock:
        _known.clear()


@transaction.atomic
def _noted(*, voter: str, asked: str, model: str, now: datetime) -> list[str] | None:
    """Make the row of *model*; return what answered before if that is worth an alert, else None."""
    is_as_asked = aliases.is_as_asked(asked, model)
    earlier = models.VoterModel.objects.filter(voter_id=voter, asked=asked).exclude(model=model)
    before = list(earlier.order_by("first_seen_at", "model").values_list("model", flat=True))
    _, is_new = models.VoterModel.objects.get_or_create(
        voter_id=voter,
        model=model,
        defaults={"asked": asked, "is_as_asked": is_as_asked, "first_seen_at": now},
    )
    if not is_new or (is_as_asked and not before):
        return None
    details = {"asked": asked, "answered": model, "before": before}
    audits.append(actor=audits.THE_HOUSE, action="voter.model", target=voter, details=details, now=now)
    return before
