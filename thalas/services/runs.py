"""Open a run and cancel it. Closing has a file of its own: `closings`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from providers.voters.types import Brief
from thalas import models
from thalas.domain import briefs
from thalas.domain.consensus import default_quorum
from thalas.domain.methods import Method
from thalas.errors import NotFound, NotPossible
from thalas.services import inserts, statements


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
    method: Method = Method.WEIGHTED_MAJORITY
    weights: Mapping[str, float] = field(default_factory=dict)
    question_sha256: str = ""


@transaction.atomic
def open_run(opening: Opening, *, now: datetime) -> models.Run:
    """Store a run, its brief and one expected vote for each voter of its panel; all of it or nothing."""
    return open_within(opening, now=now)


def open_within(opening: Opening, *, now: datetime) -> models.Run:
    """Store a run as `open_run` does, as a part of the caller's transaction."""
    brief = opening.brief
    run = models.Run(
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
        method=opening.method.value,
        opened_at=now,
        deadline_at=now + timedelta(seconds=opening.deadline_s),
    )
    inserts.put([run])
    inserts.put(
        [
            models.RunSymbol(run=run, account=opening.account, symbol=symbol, opened_at=now)
            for symbol in dict.fromkeys(run.symbols)
        ]
    )
    statements.expect_votes(
        [
            statements.Expected(
                voter=voter.name,
                weight=opening.weights.get(voter.name, voter.weight),
                timeout_s=min(voter.timeout_s, opening.deadline_s),
                request_model=voter.model,
                is_simulated=voter.is_simulated,
            )
            for voter in opening.panel
        ],
        run_id=run.pk,
        now=now,
    )
    return run


def _stored(brief: Brief, now: datetime) -> models.Brief:
    payload = briefs.encode(brief)
    stored = models.Brief(sha256=briefs.digest(payload), payload=payload.decode(), created_at=now)
    # Equal briefs are one row: whoever comes second leaves the first's in place.
    inserts.put([stored], or_leave=True)
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
    statements.give_up_votes(run_ids, into=into.value)
