"""From a run on given market data to the advice that clients have always read."""

from collections.abc import Collection, Mapping
from datetime import UTC

from providers.voters.types import Action
from thalas import models
from thalas.api.views_runs import Told
from thalas.domain.consensus import Outcome
from thalas.domain.votes import CheckedAnswer, Stance
from thalas.selectors import records, stories
from thalas.selectors.records import Record

# What is said where nobody whose word counts has said how risky it is.
UNKNOWN_RISK = "medium"


def tell_consensus(record: Record, *, weights: Collection[str]) -> Told:
    """Return what the council advises; *weights* are the providers that the client gave one."""
    leg = record.legs[0]
    said = {vote.pk: _said(vote) for vote in record.votes}
    cast = [vote for vote in record.votes if said[vote.pk] is not None]
    return _advice(leg) | {
        "reasoning": _reasoning(leg, list(filter(None, said.values()))),
        "consensus_metadata": _metadata(record, leg, cast=len(cast), weights=weights),
        "provider_responses": [_response(vote, said[vote.pk]) for vote in cast],
        "silent_responses": [_silence(vote) for vote in record.votes if said[vote.pk] is None],
    }


def tell_voter(record: Record) -> Told:
    """Return what the only voter of a run advises."""
    leg, vote = record.legs[0], record.votes[0]
    answer = _said(vote)
    return _advice(leg) | {
        "reasoning": answer.reasoning if answer else f"{leg.arithmetic} ({_why(vote)})",
        "pair": leg.symbol,
        "timeframe": record.run.timeframe,
        "provider": vote.voter.provider_id,
        "model": vote.response_model or vote.request_model,
        "voter": vote.voter_id,
    }


def _advice(leg: models.DecisionLeg) -> Told:
    is_undecided = leg.outcome == Outcome.NO_DECISION
    return {
        "decision": Action.HOLD.value if is_undecided else leg.outcome,
        "outcome": leg.outcome,
        "confidence": leg.confidence,
        "risk_level": leg.risk_level or UNKNOWN_RISK,
        "suggested_stop_loss": None if leg.stop is None else float(leg.stop),
        "suggested_take_profit": None if leg.target is None else float(leg.target),
        "degraded": leg.is_degraded or is_undecided,
        "run_id": leg.decision_id,
        "risk": {"verdict": leg.verdict, "reason": leg.verdict_reason, "checks": leg.checks},
    }


def _metadata(
    record: Record, leg: models.DecisionLeg, *, cast: int, weights: Collection[str]
) -> Mapping[str, object]:
    decision = leg.decision
    seated = {vote.voter.provider_id.casefold() for vote in record.votes}
    closed_at = decision.filed_at.astimezone(UTC).isoformat(timespec="milliseconds")
    return {
        "total_providers": decision.panel,
        "participating_providers": cast,
        "agreement_score": leg.agreement,
        "weighted_confidence": leg.confidence,
        "vote_breakdown": leg.counts,
        "weighted_votes": leg.scores,
        "total_latency_ms": decision.latency_ms,
        "total_cost_usd": float(decision.cost_usd),
        "total_tokens": decision.tokens,
        "timestamp": closed_at.replace("+00:00", "Z"),
        "method": record.run.method,
        "n_eff": leg.n_eff,
        "baseline": leg.baseline or None,
        "unused_weights": sorted(name for name in weights if name.casefold() not in seated),
    }


def _reasoning(leg: models.DecisionLeg, cast: list[CheckedAnswer]) -> str:
    """Return the words of the surest of those who agree with the outcome, and how many they are."""
    agreed = [answer for answer in cast if answer.action == leg.outcome]
    if not agreed:
        return leg.arithmetic
    surest = max(agreed, key=lambda answer: answer.confidence or 0.0)
    return f"Consensus ({len(agreed)}/{len(cast)} voters agree): {surest.reasoning}"


def _said(vote: models.Vote) -> CheckedAnswer | None:
    """Return what *vote* counted for, None if it was not cast."""
    if vote.state != models.Vote.State.CAST:
        return None
    return next((answer for answer in records.answers(vote) if answer.stance is Stance.CAST), None)


def _response(vote: models.Vote, answer: CheckedAnswer | None) -> Told:
    assert answer is not None
    return {
        "provider": vote.voter.provider_id,
        "voter": vote.voter_id,
        "model": vote.response_model or vote.request_model,
        "decision": answer.action,
        "confidence": answer.confidence,
        "reasoning": answer.reasoning,
    }


def _silence(vote: models.Vote) -> Told:
    return {
        "provider": vote.voter.provider_id,
        "voter": vote.voter_id,
        "state": vote.state,
        "reason": _why(vote),
    }


def _why(vote: models.Vote) -> str:
    said = next((answer.problem or answer.reasoning for answer in records.answers(vote)), "")
    return stories.why(vote, said)
