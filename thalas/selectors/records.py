"""Runs as the HTTP API reads them: whole, page by page, and how those stand that somebody watches."""

import base64
import binascii
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

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
OLDER = "AND opened_at <= %(at)s AND (opened_at < %(at)s OR {key} < %(pk)s)"
NEWER = "AND opened_at >= %(at)s AND (opened_at > %(at)s OR {key} > %(pk)s)"
DOWN, UP = "ORDER BY opened_at DESC, {key} DESC", "ORDER BY opened_at, {key}"
ABOUT = "id IN (SELECT run_id FROM thalas_runsymbol WHERE symbol = %(symbol)s AND {where}) {order}"
IN_STATE = " AND EXISTS (SELECT 1 FROM thalas_run WHERE id = thalas_runsymbol.run_id AND state = %(state)s)"

# A run with all that belongs to it is two statements: a round trip costs more than what it brings.
STORY = ((models.Run, "run"), (models.Decision, "decision"), (models.DecisionLeg, "leg"))
STORIES = """thalas_run run
    LEFT JOIN thalas_decision decision ON decision.run_id = run.id
    LEFT JOIN thalas_decisionleg leg ON leg.decision_id = decision.run_id
    WHERE run.id {those} {narrowed} ORDER BY run.id, leg.position"""
VOTE = ((models.Vote, "vote"), (models.Voter, "voter"))
VOTES = """thalas_vote vote
    JOIN thalas_voter voter ON voter.name = vote.voter_id
    WHERE vote.run_id {those} ORDER BY vote.voter_id, vote.round"""


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

    Raises:  NotFound, for another account's run as well.
    """
    found = _read_records("= %(id)s", "AND run.account_id = %(account)s", id=run_id, account=account)
    if not found:
        raise NotFound(f"there is no run {run_id}")
    return found[0]


def records(run_ids: Collection[UUID]) -> list[Record]:
    """Return the records of those of *run_ids* that there are."""
    if not run_ids:
        return []
    those, ids = rows.listed(run_ids)
    return _read_records(f"IN {those}", "", **ids)


def _read_records(those: str, narrowed: str, **values: object) -> list[Record]:
    """Return the records of the runs whose ids are *those*, their votes read last, so never older."""
    told = rows.find_beside(STORY, f"{STORIES.format(those=those, narrowed=narrowed)}", **values)
    if not told:
        return []
    votes: dict[UUID, list[models.Vote]] = {}
    for vote, voter in rows.find_beside(VOTE, VOTES.format(those=those), **values):
        vote.voter = voter
        votes.setdefault(vote.run_id, []).append(vote)
    legs: dict[UUID, list[models.DecisionLeg]] = {}
    ends = {}
    for run, decision, leg in told:
        ends[run.pk] = (run, decision)
        if leg is not None:
            legs.setdefault(run.pk, []).append(leg)
    return [Record(run, votes.get(pk, []), end, legs.get(pk, [])) for pk, (run, end) in ends.items()]


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
        newer = _read(_Wanted(account, symbol, state, NEWER, UP), limit, _moment("before", before))
        return _page(newer[:limit][::-1], has_newer=len(newer) > limit, has_older=True)
    moment = _moment("after", after) if after else {}
    older = _read(_Wanted(account, symbol, state, OLDER if after else "", DOWN), limit, moment)
    return _page(older[:limit], has_newer=bool(after), has_older=len(older) > limit)


@dataclass(frozen=True, slots=True)
class _Wanted:
    account: str
    symbol: str
    state: str
    beyond: str
    order: str

    def where(self) -> str:
        """Return condition and order; a list of a symbol's runs is read from the table of symbols."""
        if not self.symbol:
            return self._narrowed("id", " AND state = %(state)s")
        return ABOUT.format(where=self._narrowed("run_id", IN_STATE), order=self.order.format(key="id"))

    def _narrowed(self, key: str, in_state: str) -> str:
        """Return the condition on the table whose *key* is the run's id, *in_state* that on its state."""
        narrowed = f"account_id = %(account)s{in_state if self.state else ''} {self.beyond.format(key=key)}"
        return f"{narrowed} {self.order.format(key=key)} LIMIT %(most)s"


def _read(wanted: _Wanted, limit: int, moment: dict[str, object]) -> list[models.Run]:
    """Return the runs that are *wanted*, one more than *limit* if there are so many."""
    asked = {"account": wanted.account, "state": wanted.state, "symbol": wanted.symbol.upper()}
    return rows.find(models.Run, wanted.where(), **asked, most=limit + 1, **moment)


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
