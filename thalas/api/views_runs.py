"""From records to what clients read; `schemas_runs` says which shapes these are."""

from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

from providers.voters.types import SymbolBrief
from thalas import models
from thalas.selectors import records
from thalas.selectors.records import Record
from thalas.services import questions

Told: TypeAlias = dict[str, object]


def tell_asked(asked: questions.Asked, *, now: datetime) -> Told:
    """Return which run a question has got, and how old it is."""
    run = asked.run
    age_s = max(0.0, (now - run.opened_at).total_seconds())
    return {"id": run.pk, "state": run.state, "shared": asked.is_shared, "age_s": age_s}


def tell_run(record: Record, *, is_full: bool = False) -> Told:
    """Return everything about a run; with *is_full* its brief's candles and indicators as well."""
    run, votes = record.run, record.votes
    return dict(
        **tell_line(run),
        account=run.account_id,
        strategy=questions.STRATEGIES[0],
        method=run.method,
        quorum=run.quorum,
        min_confidence=run.min_confidence,
        min_agreement=run.min_agreement,
        may_close_early=run.may_close_early,
        is_simulated=any(vote.is_simulated for vote in votes),
        panel=len(votes),
        settled=sum(is_settled(vote) for vote in votes),
        cost_usd=float(sum((vote.cost_usd for vote in votes), Decimal(0))),
        tokens=sum(vote.tokens_in + vote.tokens_out for vote in votes),
        brief=_tell_brief(run, is_full=is_full),
        votes=[tell_vote(vote) for vote in votes],
        decision=tell_decision(record),
    )


def is_settled(vote: models.Vote) -> bool:
    """Say whether nobody waits for *vote* any more."""
    return vote.state not in models.Vote.OPEN_STATES


def tell_vote(vote: models.Vote) -> Told:
    """Return *vote* as clients read it."""
    return {
        "voter": vote.voter_id,
        "provider": vote.voter.provider_id,
        "model": vote.request_model,
        "response_model": vote.response_model,
        "state": vote.state,
        "weight": vote.weight,
        "error_kind": vote.error_kind,
        "error": vote.error,
        "starts": vote.starts,
        "recorded_at": vote.recorded_at,
        "latency_ms": vote.latency_ms,
        "cost_usd": float(vote.cost_usd),
        "tokens_in": vote.tokens_in,
        "tokens_out": vote.tokens_out,
        "prompt_sha256": vote.prompt_sha256,
        "is_repaired": vote.is_repaired,
        "is_simulated": vote.is_simulated,
        "answers": [dict(**answer.model_dump()) for answer in records.answers(vote)],
    }


def tell_decision(record: Record) -> Told | None:
    """Return what a run decided, None as long as it has not."""
    decision = record.decision
    if decision is None:
        return None
    return {
        "run_id": decision.run_id,
        "filed_at": decision.filed_at,
        "panel": decision.panel,
        "heard": decision.heard,
        "is_degraded": decision.is_degraded,
        "latency_ms": decision.latency_ms,
        "cost_usd": float(decision.cost_usd),
        "tokens": decision.tokens,
        "limits_version": decision.limits_version,
        "legs": [_leg(leg) for leg in record.legs],
    }


def tell_line(run: models.Run) -> Told:
    """Return *run* as a list shows it."""
    return {
        "id": run.pk,
        "kind": run.kind,
        "state": run.state,
        "symbols": run.symbols,
        "timeframe": run.timeframe,
        "requested_by": run.requested_by,
        "opened_at": run.opened_at,
        "deadline_at": run.deadline_at,
        "closed_at": run.closed_at,
        "closed_by": run.closed_by,
        "close_reason": run.close_reason,
    }


def _tell_brief(run: models.Run, *, is_full: bool) -> Told:
    brief = records.brief(run)
    if brief is None:
        return {"sha256": run.brief_id, "as_of": None, "markets": []}
    markets = [_market(market, is_full=is_full) for market in brief.markets]
    return {"sha256": run.brief_id, "as_of": brief.as_of, "markets": markets}


def _market(market: SymbolBrief, *, is_full: bool) -> Told:
    return {
        "symbol": market.symbol,
        "price": market.price,
        "closed_at": None if market.is_given else market.closed_at,
        "source": market.source,
        "sha256": market.sha256,
        "lap": market.lap,
        "faults": list(market.faults),
        "candles": [candle.model_dump() for candle in market.candles] if is_full else None,
        "indicators": market.indicators if is_full else None,
        "context": market.context if is_full else None,
    }


def _leg(leg: models.DecisionLeg) -> Told:
    return {
        "symbol": leg.symbol,
        "outcome": leg.outcome,
        "confidence": leg.confidence,
        "agreement": leg.agreement,
        "n_eff": leg.n_eff,
        "cast": sum(leg.counts.values()),
        "baseline": leg.baseline or None,
        "is_degraded": leg.is_degraded,
        "arithmetic": leg.arithmetic,
        "scores": leg.scores,
        "counts": leg.counts,
        "risk_level": leg.risk_level or None,
        "price": _number(leg.price),
        "stop": _number(leg.stop),
        "target": _number(leg.target),
        "verdict": leg.verdict,
        "verdict_reason": leg.verdict_reason,
        "requested_usd": float(leg.requested_usd),
        "size_usd": float(leg.size_usd),
        "checks": [dict(**check) for check in leg.checks],
    }


def _number(price: Decimal | None) -> float | None:
    return None if price is None else float(price)
