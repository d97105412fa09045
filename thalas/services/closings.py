"""Close runs: the only writer of decisions. Whoever comes first closes a run; the others read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import QuerySet

from thalas import models
from thalas.domain import early_closes
from thalas.domain.methods import Method
from thalas.errors import NotFound
from thalas.selectors import briefs, rows
from thalas.services import decisions, runs, statements

log = structlog.get_logger(__name__)

Votes = dict[UUID, list[statements.VoteToCount]]

CHORD, GUARD, WORKER, WAITER, EARLY = "chord", "guard", "worker", "waiter", "early"


@dataclass(frozen=True, slots=True)
class Closing:
    """Who closes, why, and when; *given_up* is what becomes of votes that are still open."""

    by: str
    reason: str
    now: datetime
    given_up: models.Vote.State = models.Vote.State.MISSING


def close_run(run_id: UUID, *, by: str, reason: str, now: datetime) -> models.Run:
    """Close *run_id* if it is still open: count its votes, judge the outcome, file the decision.

    The compare-and-set from open to closed comes first: it is the lock and the only
    gate, so a second closer finds nothing to change and nothing is decided twice.
    Unanswered votes are given up before the votes are read: an answer recorded
    meanwhile is either counted here or kept as late, never both and never neither.

    Raises:  NotFound.
    """
    return _close_one(run_id, Closing(by, reason, now))


def close_free(due: QuerySet[models.Run], *, by: str, reason: str, now: datetime, limit: int) -> int:
    """Close up to *limit* of the runs *due*, leaving out each whose row somebody holds; return how many.

    One transaction closes all of them, which costs a fraction of closing each. If it
    fails they are closed one by one: a run that cannot be closed keeps no other open.
    """
    # Twice as many as are closed: while another guard holds the first ones, there are others to take.
    candidates = list(due.values_list("pk", flat=True)[: 2 * limit])
    if not candidates:
        return 0
    closing = Closing(by, reason, now)
    try:
        with transaction.atomic():
            return _close_all(_free(candidates).order_by("deadline_at")[:limit], closing)
    except Exception as error:
        log.exception("closing_together_failed", error=type(error).__name__)
    return sum(_close_alone(run_id, closing) for run_id in candidates[:limit])


def close_if_answered(run_id: UUID, *, by: str, now: datetime) -> bool:
    """Close *run_id* if every vote is in; say whether it is closed now.

    A chord's callback comes here: a redelivered header task counts toward the chord
    without having answered, so the callback alone does not prove that all did.
    """
    votes = decisions.votes_of([run_id])
    if any(vote.state in models.Vote.OPEN_STATES for vote in votes[run_id]):
        return False
    run = _close_one(run_id, Closing(by, "every vote is in", now), answered=votes)
    return run.state != models.Run.State.OPEN


def close_if_settled(run_id: UUID, *, now: datetime) -> bool:
    """Close *run_id* if it may close early and no vote to come can change an outcome; say whether it did.

    What is still being asked then is waived: it is not lost, so the decision is not degraded by it.
    """
    run = rows.first(models.Run, "id = %(id)s AND state = 'open' AND may_close_early", id=run_id)
    if run is None:
        return False
    votes = decisions.votes_of([run_id])[run_id]
    to_come = [vote.weight for vote in votes if vote.state in models.Vote.OPEN_STATES]
    if not to_come:  # the chord's callback is on its way
        return False
    tallies = decisions.tallied(votes, briefs.shown(run.brief_id))
    method = Method(run.method)
    if not all(early_closes.is_settled(t.ballots, to_come, decisions.rules(run, t), method) for t in tallies):
        return False
    reason = f"no answer of the {len(to_come)} still to come could change an outcome"
    closed = _close_one(run_id, Closing(EARLY, reason, now, given_up=models.Vote.State.WAIVED))
    return closed.closed_by == EARLY


def _free(candidates: Sequence[UUID]) -> QuerySet[models.Run]:
    """Lock those of *candidates* that nobody holds, closing them or stuck: no other run waits for that."""
    still_open = models.Run.objects.filter(pk__in=candidates, state=models.Run.State.OPEN)
    return still_open.select_for_update(skip_locked=True)


def _close_alone(run_id: UUID, closing: Closing) -> int:
    try:
        with transaction.atomic():
            return _close_all(_free([run_id]), closing)
    except Exception as error:
        log.exception("close_failed", run_id=str(run_id), error=type(error).__name__)
        return 0


@transaction.atomic
def _close_one(run_id: UUID, closing: Closing, *, answered: Votes | None = None) -> models.Run:
    """Close one run; *answered* are its votes if all were found to be in, which none of them takes back."""
    mine = statements.close_run(run_id, by=closing.by, reason=closing.reason[:200], now=closing.now)
    if mine is None:
        run = models.Run.objects.filter(pk=run_id).first()
        if run is None:
            raise NotFound(f"there is no run {run_id}")
        return run
    _decide({run_id: mine}, closing, answered or _settled([run_id], closing))
    return mine


def _close_all(due: QuerySet[models.Run], closing: Closing) -> int:
    """Close the runs *due*, whose rows the caller has locked."""
    mine = _without_held_votes({run.pk: run for run in due})
    if not mine:
        return 0
    models.Run.objects.filter(pk__in=mine, state=models.Run.State.OPEN).update(**_closed(closing))
    for run in mine.values():
        for field, value in _closed(closing).items():
            setattr(run, field, value)
    _decide(mine, closing, _settled(mine, closing))
    return len(mine)


def _without_held_votes(mine: dict[UUID, models.Run]) -> dict[UUID, models.Run]:
    """Lock the open votes of *mine*; leave out each run of which somebody holds one, recording or stuck."""
    still_open = models.Vote.objects.filter(run_id__in=list(mine), state__in=models.Vote.OPEN_STATES)
    free = still_open.select_for_update(skip_locked=True).values_list("pk", flat=True)
    held = set(still_open.exclude(pk__in=list(free)).values_list("run_id", flat=True))
    return {pk: run for pk, run in mine.items() if pk not in held}


def _closed(closing: Closing) -> dict[str, object]:
    return {
        "state": models.Run.State.CLOSED,
        "closed_at": closing.now,
        "closed_by": closing.by,
        "close_reason": closing.reason[:200],
    }


def _settled(run_ids: Collection[UUID], closing: Closing) -> Votes:
    """Give up what is still open of runs that this transaction has just closed; return all their votes."""
    votes = decisions.votes_of(run_ids)
    unanswered = [pk for pk, its in votes.items() if any(v.state in models.Vote.OPEN_STATES for v in its)]
    if unanswered:
        runs.give_up_open_votes(unanswered, into=closing.given_up)
        votes |= decisions.votes_of(unanswered)
    return votes


def _decide(mine: Mapping[UUID, models.Run], closing: Closing, votes: Votes) -> None:
    """File the decisions of the runs *mine*, which this transaction has just closed."""
    heard = decisions.file(mine, votes, now=closing.now)
    for run_id, its in votes.items():
        log.info("run_closed", run_id=str(run_id), by=closing.by, heard=heard[run_id], panel=len(its))
