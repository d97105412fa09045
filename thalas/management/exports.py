"""A run as JSON, for scripts: the same story as on screen."""

import json
from typing import Any

from thalas.selectors.readings import Reading
from thalas.selectors.stories import LegStory, RunStory, VoteLine


def to_json(story: RunStory) -> str:
    """Return the whole story of a run as JSON; money is text, times are ISO 8601 UTC."""
    run, decision = story.run, story.decision
    return json.dumps(
        {
            "run_id": str(run.pk),
            "kind": run.kind,
            "state": run.state,
            "symbols": run.symbols,
            "timeframe": run.timeframe,
            "method": run.method,
            "brief_sha256": run.brief_id,
            "market_at": story.as_of.isoformat(),
            "opened_at": run.opened_at.isoformat(),
            "deadline_at": run.deadline_at.isoformat(),
            "closed_at": run.closed_at.isoformat() if run.closed_at else None,
            "closed_by": run.closed_by,
            "close_reason": run.close_reason,
            "heard": decision.heard if decision else None,
            "panel": story.panel,
            "is_degraded": decision.is_degraded if decision else None,
            "is_simulated": story.is_simulated,
            "latency_ms": decision.latency_ms if decision else None,
            "cost_usd": str(decision.cost_usd) if decision else None,
            "legs": [_leg(leg) for leg in story.legs],
        },
        indent=2,
    )


def _leg(story: LegStory) -> dict[str, Any]:
    leg = story.leg
    told: dict[str, Any] = {
        "symbol": story.symbol,
        "price": story.market.price,
        "source": story.market.source,
    }
    if leg is not None:
        told |= {
            "outcome": leg.outcome,
            "confidence": leg.confidence,
            "is_calibrated": False,
            "agreement": leg.agreement,
            "n_eff": leg.n_eff,
            "cast": sum(leg.counts.values()),
            "baseline": leg.baseline or None,
            "is_degraded": leg.is_degraded,
            "arithmetic": leg.arithmetic,
            "scores": leg.scores,
            "counts": leg.counts,
            "risk_level": leg.risk_level or None,
            "stop": str(leg.stop) if leg.stop is not None else None,
            "target": str(leg.target) if leg.target is not None else None,
            "verdict": leg.verdict,
            "verdict_reason": leg.verdict_reason,
            "size_usd": str(leg.size_usd),
            "checks": leg.checks,
            "others": [_other(reading) for reading in story.others],
        }
    return told | {"votes": [_vote(vote) for vote in story.votes]}


def _other(reading: Reading) -> dict[str, Any]:
    return {
        "method": reading.method.value,
        "outcome": reading.outcome,
        "confidence": reading.confidence,
        "agreement": reading.agreement,
        "arithmetic": reading.arithmetic,
    }


def _vote(vote: VoteLine) -> dict[str, Any]:
    return {
        "voter": vote.voter,
        "model": vote.model,
        "stance": vote.stance,
        "action": vote.action or None,
        "confidence": vote.confidence,
        "latency_ms": vote.latency_ms,
        "cost_usd": str(vote.cost_usd),
        "why": vote.why,
        "is_repaired": vote.is_repaired,
        "is_simulated": vote.is_simulated,
    }
