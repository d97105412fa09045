"""Ask one voter: claim the vote, call, record. Whatever happens becomes a value on the vote."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.conf import settings
from django.db import close_old_connections, connection

from providers.errors import ErrorKind, PermanentVoterError, VoterError
from providers.voters import registry
from providers.voters.types import Answer, Brief, Usage, Voter
from providers.voters.vendors import VoterSpec
from thalas import models, roster
from thalas.domain import votes as checks
from thalas.selectors import briefs
from thalas.services import budgets, circuits, closings, drifts, patience, statements
from thalas.services.ledgers import Buyer

log = structlog.get_logger(__name__)

MAX_STARTS = 3
LEASE_SLACK = timedelta(seconds=2)
# The answer has to be recorded before the deadline, not at it.
DEADLINE_MARGIN = timedelta(seconds=0.25)
MIN_CALL_S = 0.05
# How long a worker waits for the database before it leaves a vote to the next who is sent for it.
CLAIM_PATIENCE_S = 8.0


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to ask one voter for *timeout_s*; *token* proves it when the answer is recorded."""

    run_id: UUID
    vote_id: int
    voter: str
    provider: str
    token: UUID
    timeout_s: float
    brief: Brief
    may_close_early: bool = False
    account: str = ""

    @property
    def buyer(self) -> Buyer:
        """Whose budgets its call counts against."""
        return Buyer(self.voter, self.provider, self.account, self.vote_id)


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a call, and what was reserved for it."""

    outcome: Answer | VoterError
    reservation: budgets.Reservation | None


def ask(*, run_id: UUID, voter: str, clock: Callable[[], datetime]) -> str:
    """Ask *voter* for its vote on *run_id*; return what became of it, one word.

    A database that is away for a moment costs no vote: the claim is tried again, and an
    answer in hand is kept until its lease runs out.
    """
    token = uuid.uuid4()

    def claimed() -> tuple[Claim | None, datetime]:
        now = clock()
        return claim_vote(run_id=run_id, voter=voter, now=now, token=token), now

    claim, now = patience.through_outage(claimed, within_s=CLAIM_PATIENCE_S)
    if claim is None:
        return "not_mine"
    started = time.monotonic()
    outcome = _heard(claim, now)
    latency_ms = (time.monotonic() - started) * 1000.0
    left_s = claim.timeout_s + LEASE_SLACK.total_seconds() - latency_ms / 1000.0
    said = patience.through_outage(
        lambda: _kept(claim, outcome, latency_ms=latency_ms, now=now), within_s=max(left_s, 0.0)
    )
    if isinstance(outcome, Heard) and isinstance(outcome.outcome, Answer):
        _note_model(claim.voter, outcome.outcome, now)
    if claim.may_close_early:
        closings.close_if_settled(run_id, now=clock())
    return said


def _heard(claim: Claim, now: datetime) -> Heard | VoterError:
    """Call the voter; return what it said or why it did not, never an exception of the voter's own making."""
    try:
        return _call(claim, now)
    except VoterError as error:
        return error
    except Exception as error:
        if patience.is_away(error):
            raise
        log.exception("voter_raised", run_id=str(claim.run_id), voter=claim.voter, error=type(error).__name__)
        return PermanentVoterError(ErrorKind.INTERNAL, f"the voter raised {type(error).__name__}")


def _kept(claim: Claim, outcome: Heard | VoterError, *, latency_ms: float, now: datetime) -> str:
    """Book what the call took and record what came of it."""
    if isinstance(outcome, VoterError):
        return record(claim, outcome, latency_ms=latency_ms, now=now)
    came = outcome.outcome
    budgets.settle(outcome.reservation, came.usage, now=now)
    return record(claim, came, latency_ms=latency_ms, now=now)


def claim_vote(*, run_id: UUID, voter: str, now: datetime, token: UUID | None = None) -> Claim | None:
    """Take the lease on one vote, or return None when it is taken, answered, or too late to ask.

    Who holds the lease already, by *token*, gets it again: the reply to its first claim may have been lost.
    An expired lease is taken over only while a full timeout is left, at most
    MAX_STARTS times in all, so that a voter which kills its worker is not asked for ever.
    """
    vote = statements.vote_to_claim(run_id=run_id, voter=voter)
    if vote is None:
        log.warning("unknown_vote", run_id=str(run_id), voter=voter)
        return None
    left_s = (vote.deadline_at - DEADLINE_MARGIN - now).total_seconds()
    timeout_s = min(vote.timeout_s, left_s)
    if timeout_s < MIN_CALL_S:
        return None
    mine = token or uuid.uuid4()
    taken = statements.change(
        statements.CLAIM_VOTE,
        vote_id=vote.vote_id,
        token=mine,
        now=now,
        lease_until=now + timedelta(seconds=timeout_s) + LEASE_SLACK,
        left_s=left_s,
        max_starts=MAX_STARTS,
    )
    if not taken:
        return None
    return Claim(
        run_id=run_id,
        vote_id=vote.vote_id,
        voter=voter,
        provider=vote.provider,
        token=mine,
        timeout_s=timeout_s,
        brief=briefs.shown(vote.brief),
        may_close_early=vote.may_close_early,
        account=vote.account,
    )


def _call(claim: Claim, now: datetime) -> Heard:
    voter = _voter(claim.voter)
    worst = voter.worst_case(claim.brief)
    reservation = None
    try:
        # First of all its turn, which may be refused: what is not asked must not hold money.
        with circuits.turn(_spec(claim.voter), voter, claim.brief, timeout_s=claim.timeout_s) as turn:
            # One whose reply is lost is made again, and the lost one stays booked: never too little.
            reservation = patience.through_outage(
                lambda: budgets.reserve(claim.buyer, worst, now=now),
                within_s=min(claim.timeout_s / 2, CLAIM_PATIENCE_S),
            )
            # The call may take seconds: a connection of a bounded pool must not wait with it.
            if not connection.in_atomic_block:  # as in a test, whose transaction would go with it
                close_old_connections()
            answer = voter.ask(claim.brief, timeout_s=max(turn.left_s, MIN_CALL_S))
            turn.took(answer)
            return Heard(answer, reservation)
    except VoterError as error:
        return Heard(error, reservation)


def _voter(name: str) -> Voter:
    spec = _spec(name)
    if spec is None:
        raise PermanentVoterError(
            ErrorKind.NOT_CONFIGURED, f"this worker's environment does not configure the voter {name}"
        )
    return registry.build(spec, api_key=roster.api_key(settings.THALAS, spec))


def _spec(name: str) -> VoterSpec | None:
    return roster.specs(settings.THALAS).get(name)


def _note_model(voter: str, answer: Answer, now: datetime) -> None:
    spec = _spec(voter)
    if spec is not None and answer.response_model:
        drifts.note(voter=voter, asked=spec.model, answered=answer.response_model, now=now)


def record(claim: Claim, result: Answer | VoterError, *, latency_ms: float, now: datetime) -> str:
    """Write *result* on the vote if its lease is still held; after the close it is kept as late.

    Returns the state written, or "lease_lost".
    """
    fields = _failure(result) if isinstance(result, VoterError) else _success(result, claim.brief)
    fields |= {"latency_ms": latency_ms, "recorded_at": now + timedelta(milliseconds=latency_ms)}
    if _write(claim, fields, was=models.Vote.State.CLAIMED):
        return str(fields["state"])
    late = fields | {"state": models.Vote.State.LATE.value}
    if any(_write(claim, late, was=was) for was in models.Vote.GIVEN_UP_STATES):
        return "late"
    return "lease_lost"


def _write(claim: Claim, fields: dict[str, object], *, was: models.Vote.State) -> int:
    sql = statements.record_vote(tuple(fields))
    return statements.change(sql, **fields, vote_id=claim.vote_id, held_token=claim.token, was=was.value)


def _failure(error: VoterError) -> dict[str, object]:
    why = checks.storable(str(error)[:400])
    told = {"state": models.Vote.State.FAILED.value, "error_kind": error.kind.value, "error": why}
    return told | ({} if error.usage is None else _taken(error.usage))


def _taken(usage: Usage) -> dict[str, object]:
    return {"cost_usd": usage.cost_usd, "tokens_in": usage.tokens_in, "tokens_out": usage.tokens_out}


def _success(answer: Answer, brief: Brief) -> dict[str, object]:
    checked = checks.check(answer, brief)
    problems = [item.problem for item in checked if item.problem]
    return {
        "state": checks.overall(checked).value,
        "error_kind": "",
        "answers": [item.model_dump(mode="json") for item in checked],
        "error": problems[0] if problems else "",
        **_taken(answer.usage),
        "response_model": checks.storable(answer.response_model or "")[:100],
        "prompt_sha256": (answer.prompt_sha256 or "")[:64],
        "is_repaired": answer.is_repaired,
    }
