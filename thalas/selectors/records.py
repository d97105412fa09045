"""Runs as the HTTP API reads them: whole, page by page, and how those stand that somebody watches."""

import base64
import binascii
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet, TextField
from django.db.models.functions import Cast
from pydantic import ValidationError

from providers.voters.types import Brief
from thalas import models
from thalas.domain import tallies
from thalas.domain.votes import CheckedAnswer
from thalas.errors import BadInput, NotFound
from thalas.selectors import briefs, clock

IS_SETTLED = ~Q(votes__state__in=models.Vote.OPEN_STATES)


@dataclass(frozen=True, slots=True)
class Record:
    """A run with all that belongs to it but its brief."""

    run: models.Run
    votes: Sequence[models.Vote]
    decision: models.Decision | None
    legs: Sequence[models.DecisionLeg]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a run has come: *settled* of its votes need no more waiting for."""

    state: str
    deadline_at: datetime
    settled: int


@dataclass(frozen=True, slots=True)
class Page:
    """Runs, the newest first, and where the list goes on in either direction; None at its ends."""

    runs: Sequence[models.Run]
    older: str | None
    newer: str | None


def run(run_id: UUID, *, account: str) -> models.Run:
    """Return the run *run_id* of *account*.

    Raises:  NotFound, for another account's run as well.
    """
    found = models.Run.objects.filter(pk=run_id, account=account).first()
    if found is None:
        raise NotFound(f"there is no run {run_id}")
    return found


def record(run_id: UUID, *, account: str) -> Record:
    """Return the record of run *run_id* of *account*.

    Raises:  NotFound.
    """
    found = run(run_id, account=account)
    return records([found])[0]


def records(runs: Sequence[models.Run]) -> list[Record]:
    """Return the records of *runs*, in their order."""
    ids = [one.pk for one in runs]
    votes: dict[UUID, list[models.Vote]] = {pk: [] for pk in ids}
    for vote in models.Vote.objects.filter(run__in=ids).select_related("voter").order_by("voter_id", "round"):
        votes[vote.run_id].append(vote)
    found = models.Decision.objects.filter(run__in=ids).prefetch_related("legs")
    decisions = {decision.run_id: decision for decision in found}
    return [_record(one, votes[one.pk], decisions.get(one.pk)) for one in runs]


def brief(run: models.Run) -> Brief | None:
    """Return what the voters of *run* were shown; None if it cannot be read any more."""
    try:
        return briefs.shown(run.brief_id)
    except ValueError:
        return None


def answers(vote: models.Vote) -> tuple[CheckedAnswer, ...]:
    """Return what *vote* says on each symbol; nothing if that cannot be read any more."""
    try:
        return tallies.parse(vote.answers)
    except ValidationError:
        return ()


def standings(run_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """Return how each of *run_ids* stands, in one query."""
    rows = (
        models.Run.objects.filter(pk__in=list(run_ids))
        .annotate(settled=Count("votes", filter=IS_SETTLED))
        .values_list("pk", "state", "deadline_at", "settled")
    )
    return {pk: Standing(state, deadline_at, settled) for pk, state, deadline_at, settled in rows}


def page(
    *,
    account: str,
    limit: int,
    symbol: str = "",
    state: str = "",
    after: str = "",
    before: str = "",
) -> Page:
    """Return runs of *account*: the newest, those *after* a cursor (older), or those *before* it (newer).

    Raises:  BadInput for what is no cursor.
    """
    matching = _matching(account, symbol, state)
    if before:
        newer = list(
            matching.filter(_beyond("before", before, "gt")).order_by("opened_at", "pk")[: limit + 1]
        )
        return _page(newer[:limit][::-1], has_newer=len(newer) > limit, has_older=True)
    here = matching.filter(_beyond("after", after, "lt")) if after else matching
    older = list(here.order_by("-opened_at", "-pk")[: limit + 1])
    return _page(older[:limit], has_newer=bool(after), has_older=len(older) > limit)


def _record(run: models.Run, votes: Sequence[models.Vote], decision: models.Decision | None) -> Record:
    return Record(run, votes, decision, list(decision.legs.all()) if decision else [])


def _matching(account: str, symbol: str, state: str) -> QuerySet[models.Run]:
    found = models.Run.objects.filter(account=account)
    if state:
        found = found.filter(state=state)
    if symbol:
        # Both databases can look into JSON, each in its own way; as text it is the same for both.
        as_text = Cast("symbols", TextField())
        found = found.annotate(listed=as_text).filter(listed__contains=json.dumps(symbol.upper()))
    return found


def _page(runs: Sequence[models.Run], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        runs=runs,
        older=_cursor(runs[-1]) if runs and has_older else None,
        newer=_cursor(runs[0]) if runs and has_newer else None,
    )


def _cursor(run: models.Run) -> str:
    told = f"{run.opened_at.isoformat()} {run.pk}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _beyond(field: str, cursor: str, side: str) -> Q:
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
        moment, _, pk = told.partition(" ")
        opened_at, run_id = clock.aware(moment), UUID(pk)
    except (ValueError, binascii.Error) as error:
        raise BadInput(field, cursor[:60], "give a cursor as an earlier answer named it") from error
    # The first condition is the second's consequence, and what an index can use.
    within = Q(**{f"opened_at__{side}e": opened_at})
    return within & (Q(**{f"opened_at__{side}": opened_at}) | Q(**{f"pk__{side}": run_id}))
