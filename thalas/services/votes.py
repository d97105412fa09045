"""Ask one voter: claim the vote, call, record. Whatever happens becomes a value on the vote."""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Exists, F, OuterRef, Q

from providers.errors import ErrorKind, PermanentVoterError, VoterError
from providers.voters import registry
from providers.voters.types import Answer, Brief, Voter
from thalas import models, roster
from thalas.domain import briefs
from thalas.domain import votes as checks
from thalas.services import budgets

log = structlog.get_logger(__name__)

MAX_STARTS = 3
LEASE_SLACK = timedelta(seconds=2)
# The answer has to be recorded before the deadline, not at it.
DEADLINE_MARGIN = timedelta(seconds=0.25)
MIN_CALL_S = 0.05


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to ask one voter, held until *lease ends*; *token* proves it when the answer is recorded."""

    vote: models.Vote
    token: UUID
    timeout_s: float
    brief: Brief


def ask(*, run_id: UUID, voter: str, now: datetime) -> str:
    """Ask *voter* for its vote on *run_id*; return what became of it, one word."""
    claim = claim_vote(run_id=run_id, voter=voter, now=now)
    if claim is None:
        return "not_mine"
    started = time.monotonic()
    try:
        answer = _call(claim, now)
    except VoterError as error:
        return record(claim, error, latency_ms=_since(started), now=now)
    except Exception as error:
        log.exception("voter_raised", run_id=str(run_id), voter=voter, error=type(error).__name__)
        failure = PermanentVoterError(ErrorKind.INTERNAL, f"the voter raised {type(error).__name__}")
        return record(claim, failure, latency_ms=_since(started), now=now)
    return record(claim, answer, latency_ms=_since(started), now=now)


def _since(started: float) -> float:
    return (time.monotonic() - started) * 1000.0


def claim_vote(*, run_id: UUID, voter: str, now: datetime) -> Claim | None:
    """Take the lease on one vote, or return None when it is taken, answered, or too late to ask.

    An expired lease is taken over only while a full timeout is left, at most
    MAX_STARTS times in all, so that a voter which kills its worker is not asked for ever.
    """
    vote = (
        models.Vote.objects.select_related("run__brief", "voter__provider")
        .filter(run_id=run_id, voter_id=voter)
        .first()
    )
    if vote is None:
        log.warning("unknown_vote", run_id=str(run_id), voter=voter)
        return None
    left_s = (vote.run.deadline_at - DEADLINE_MARGIN - now).total_seconds()
    timeout_s = min(vote.timeout_s, left_s)
    if timeout_s < MIN_CALL_S:
        return None
    token = uuid.uuid4()
    fresh = Q(state=models.Vote.State.EXPECTED)
    expired = Q(state=models.Vote.State.CLAIMED, lease_until__lt=now, timeout_s__lte=left_s)
    # The run's state is an EXISTS, not a join: a joined UPDATE re-reads the vote from the
    # statement's own snapshot on PostgreSQL, and two workers could claim it at once.
    is_open = Exists(models.Run.objects.filter(pk=OuterRef("run_id"), state=models.Run.State.OPEN))
    taken = models.Vote.objects.filter(fresh | expired, is_open, pk=vote.pk, starts__lt=MAX_STARTS).update(
        state=models.Vote.State.CLAIMED,
        token=token,
        starts=F("starts") + 1,
        started_at=now,
        lease_until=now + timedelta(seconds=timeout_s) + LEASE_SLACK,
    )
    if not taken:
        return None
    return Claim(vote=vote, token=token, timeout_s=timeout_s, brief=briefs.decode(vote.run.brief.payload))


def _call(claim: Claim, now: datetime) -> Answer:
    voter = _voter(claim.vote.voter_id)
    worst_usd = voter.worst_case_usd(claim.brief)
    reservation = budgets.reserve(claim.vote, worst_usd=worst_usd, now=now)
    # The call may take seconds: a connection of a bounded pool must not wait with it.
    if not connection.in_atomic_block:  # as in a test, whose transaction would go with it
        close_old_connections()
    answer = voter.ask(claim.brief, timeout_s=claim.timeout_s)
    budgets.settle(reservation, cost_usd=answer.usage.cost_usd, now=now)
    return answer


def _voter(name: str) -> Voter:
    spec = roster.specs(settings.THALAS).get(name)
    if spec is None:
        raise PermanentVoterError(
            ErrorKind.NOT_CONFIGURED, f"this worker's environment does not configure the voter {name}"
        )
    return registry.build(spec, api_key=roster.api_key(settings.THALAS, spec))


def record(claim: Claim, result: Answer | VoterError, *, latency_ms: float, now: datetime) -> str:
    """Write *result* on the vote if its lease is still held; after the close it is kept as late.

    Returns the state written, or "lease_lost".
    """
    fields = _failure(result) if isinstance(result, VoterError) else _success(result, claim.brief)
    fields |= {"latency_ms": latency_ms, "recorded_at": now + timedelta(milliseconds=latency_ms)}
    mine = models.Vote.objects.filter(pk=claim.vote.pk, token=claim.token)
    if mine.filter(state=models.Vote.State.CLAIMED).update(**fields, lease_until=None):
        return str(fields["state"])
    late = {**fields, "state": models.Vote.State.LATE}
    if mine.filter(state=models.Vote.State.MISSING).update(**late, lease_until=None):
        return "late"
    return "lease_lost"


def _failure(error: VoterError) -> dict[str, object]:
    why = checks.storable(str(error)[:400])
    return {"state": models.Vote.State.FAILED, "error_kind": error.kind.value, "error": why}


def _success(answer: Answer, brief: Brief) -> dict[str, object]:
    checked = checks.check(answer, brief)
    problems = [item.problem for item in checked if item.problem]
    return {
        "state": models.Vote.State(checks.overall(checked).value),
        "answers": [item.model_dump(mode="json") for item in checked],
        "error": problems[0] if problems else "",
        "cost_usd": answer.usage.cost_usd,
        "tokens_in": answer.usage.tokens_in,
        "tokens_out": answer.usage.tokens_out,
        "response_model": checks.storable(answer.response_model or "")[:100],
        "prompt_sha256": (answer.prompt_sha256 or "")[:64],
    }
