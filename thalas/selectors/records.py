"""Runs as the HTTP API reads them: whole, page by page, and how those stand that somebody watches."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q
from pydantic import ValidationError

from providers.voters.types import Brief
from thalas import models
from thalas.domain import tallies
from thalas.domain.votes import CheckedAnswer
from thalas.errors import BadInput, NotFound
from thalas.selectors import briefs, clock, rows

IS_SETTLED = ~Q(votes__state__in=models.Vote.OPEN_STATES)
# The first condition is the second's consequence, and what an index can use.
NEWEST = "ORDER BY opened_at DESC, {key} DESC"
OLDER = f"AND opened_at <= %(at)s AND (opened_at < %(at)s OR {{key}} < %(pk)s) {NEWEST}"
NEWER = "AND opened_at >= %(at)s AND (opened_at > %(at)s OR {key} > %(pk)s) ORDER BY opened_at, {key}"
ABOUT = "SELECT run_id FROM thalas_runsymbol WHERE symbol = %(symbol)s"
IN_STATE = " AND EXISTS (SELECT 1 FROM thalas_run WHERE id = thalas_runsymbol.run_id AND state = %(state)s)"


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
    found = rows.first(models.Run, "id = %(id)s AND account_id = %(account)s", id=run_id, account=account)
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
    if not runs:
        return []
    those, ids = rows.listed(one.pk for one in runs)
    votes: dict[UUID, list[models.Vote]] = {one.pk: [] for one in runs}
    for vote in _with_voters(rows.find(models.Vote, f"run_id IN {those} ORDER BY voter_id, round", **ids)):
        votes[vote.run_id].append(vote)
    decisions = {one.run_id: one for one in rows.find(models.Decision, f"run_id IN {those}", **ids)}
    legs: dict[UUID, list[models.DecisionLeg]] = {pk: [] for pk in decisions}
    if decisions:
        for leg in rows.find(models.DecisionLeg, f"decision_id IN {those} ORDER BY position", **ids):
            legs[leg.decision_id].append(leg)
    return [Record(one, votes[one.pk], decisions.get(one.pk), legs.get(one.pk, [])) for one in runs]


def _with_voters(votes: list[models.Vote]) -> list[models.Vote]:
    """Return *votes*, each with its voter at hand."""
    those, names = rows.listed({vote.voter_id for vote in votes})
    voters = (
        {voter.pk: voter for voter in rows.find(models.Voter, f"name IN {those}", **names)} if votes else {}
    )
    for vote in votes:
        vote.voter = voters[vote.voter_id]
    return votes


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
    if before:
        newer = _read(_Wanted(account, symbol, state, NEWER), limit, _moment("before", before))
        return _page(newer[:limit][::-1], has_newer=len(newer) > limit, has_older=True)
    moment = _moment("after", after) if after else {}
    older = _read(_Wanted(account, symbol, state, OLDER if after else NEWEST), limit, moment)
    return _page(older[:limit], has_newer=bool(after), has_older=len(older) > limit)


@dataclass(frozen=True, slots=True)
class _Wanted:
    account: str
    symbol: str
    state: str
    beyond: str

    def where(self, key: str, in_state: str) -> str:
        """Return condition and order; *key* is the run's id, *in_state* the condition on its state."""
        narrowed = f"account_id = %(account)s{in_state if self.state else ''}"
        return f"{narrowed} {self.beyond.format(key=key)} LIMIT %(most)s"


def _read(wanted: _Wanted, limit: int, moment: dict[str, object]) -> list[models.Run]:
    """Return the runs that are *wanted*, one more than *limit* if there are so many."""
    values = {"account": wanted.account, "state": wanted.state, "most": limit + 1, **moment}
    if not wanted.symbol:
        return rows.find(models.Run, wanted.where("id", " AND state = %(state)s"), **values)
    where = wanted.where("run_id", IN_STATE)
    with connection.cursor() as cursor:
        cursor.execute(f"{ABOUT} AND {where}", rows.adapted({**values, "symbol": wanted.symbol.upper()}))
        # SQLite keeps ids as text.
        ids = [pk if isinstance(pk, UUID) else UUID(pk) for (pk,) in cursor.fetchall()]
    if not ids:
        return []
    those, named = rows.listed(ids)
    found = {run.pk: run for run in rows.find(models.Run, f"id IN {those}", **named)}
    return [found[pk] for pk in ids]


def _page(runs: Sequence[models.Run], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        runs=runs,
        older=_cursor(runs[-1]) if runs and has_older else None,
        newer=_cursor(runs[0]) if runs and has_newer else None,
    )


def _cursor(run: models.Run) -> str:
    told = f"{run.opened_at.isoformat()} {run.pk}"
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _moment(field: str, cursor: str) -> dict[str, object]:
    try:
        told = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
        moment, _, pk = told.partition(" ")
        return {"at": clock.aware(moment), "pk": UUID(pk)}
    except (ValueError, binascii.Error) as error:
        raise BadInput(field, cursor[:60], "give a cursor as an earlier answer named it") from error
