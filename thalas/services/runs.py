"""Open a run and cancel it. Closing has a file of its own: `closings`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Value, When

from providers.errors import ErrorKind
from providers.voters.types import Brief
from thalas import models
from thalas.domain import briefs
from thalas.domain.consensus import default_quorum
from thalas.errors import NotFound, NotPossible


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything a new run needs, already checked.

    quorum  cast votes needed to decide; None takes ⌈panel / 2⌉
    weights  weight in this run of each voter named; the others keep their own
    question_sha256  see `questions`; empty for a run that nobody shares
    """

    kind: models.Run.Kind
    brief: Brief
    panel: Sequence[models.Voter]
    account: models.Account
    requested_by: str
    deadline_s: float
    quorum: int | None = None
    may_close_early: bool = False
    weights: Mapping[str, float] = field(default_factory=dict)
    question_sha256: str = ""


@transaction.atomic
def open_run(opening: Opening, *, now: datetime) -> models.Run:
    """Store a run, its brief and one expected vote for each voter of its panel; all of it or nothing."""
    brief = opening.brief
    run = models.Run.objects.create(
        kind=opening.kind,
        symbols=[market.symbol for market in brief.markets],
        timeframe=brief.timeframe,
        brief=_stored(brief, now),
        account=opening.account,
        requested_by=opening.requested_by[:100],
        question_sha256=opening.question_sha256,
        quorum=opening.quorum if opening.quorum is not None else default_quorum(len(opening.panel)),
        min_confidence=opening.account.min_confidence,
        min_agreement=opening.account.min_agreement,
        may_close_early=opening.may_close_early,
        opened_at=now,
        deadline_at=now + timedelta(seconds=opening.deadline_s),
    )
    models.Vote.objects.bulk_create(
        models.Vote(
            run=run,
            voter=voter,
            weight=opening.weights.get(voter.name, voter.weight),
            timeout_s=min(voter.timeout_s, opening.deadline_s),
            request_model=voter.model,
            is_simulated=voter.is_simulated,
            published_at=now,
        )
        for voter in opening.panel
    )
    return run


def _stored(brief: Brief, now: datetime) -> models.Brief:
    payload = briefs.encode(brief)
    stored = models.Brief(sha256=briefs.digest(payload), payload=payload.decode(), created_at=now)
    # Equal briefs are one row: whoever comes second leaves the first's in place.
    models.Brief.objects.bulk_create([stored], ignore_conflicts=True)
    return stored


@transaction.atomic
def cancel_run(run_id: UUID, *, by: str, now: datetime) -> models.Run:
    """Cancel an open run: it files no decision, and answers still under way are kept as late.

    Raises:  NotFound; NotPossible if it is no longer open.
    """
    changed = models.Run.objects.filter(pk=run_id, state=models.Run.State.OPEN).update(
        state=models.Run.State.CANCELLED,
        closed_at=now,
        closed_by="person",
        close_reason=f"cancelled by {by}"[:200],
    )
    run = models.Run.objects.filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    if not changed:
        raise NotPossible(f"run {run_id} is {run.state} already")
    give_up_open_votes([run_id])
    return run


def give_up_open_votes(
    run_ids: Collection[UUID], *, into: models.Vote.State = models.Vote.State.MISSING
) -> None:
    """Give up what is not answered, saying how far it had got; whoever still asks will record it as late."""
    how_far = Case(
        When(state=models.Vote.State.EXPECTED, then=Value(ErrorKind.NOT_ASKED.value)),
        default=Value(ErrorKind.NO_ANSWER.value),
    )
    still_open = models.Vote.objects.filter(run_id__in=list(run_ids), state__in=models.Vote.OPEN_STATES)
    still_open.update(error_kind=how_far, state=into)
