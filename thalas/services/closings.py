"""Close a run: the only writer of a decision. Whoever comes first closes it; the others read."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import structlog
from django.db import transaction

from providers.voters.types import Brief
from thalas import models
from thalas.domain import tallies
from thalas.domain.consensus import Consensus, weighted_majority
from thalas.errors import NotFound
from thalas.selectors import accounts, briefs, markets
from thalas.services import judgements, runs

log = structlog.get_logger(__name__)

CHORD, GUARD, WAITER = "chord", "guard", "waiter"
# What the column holds; no honest count comes near it, and a dishonest one must not keep a run open.
MOST_TOKENS = 2_147_483_647


@transaction.atomic
def close_run(run_id: UUID, *, by: str, reason: str, now: datetime) -> models.Run:
    """Close *run_id* if it is still open: count its votes, judge the outcome, file the decision.

    The compare-and-set from open to closed comes first: it is the lock and the only
    gate, so a second closer finds nothing to change and nothing is decided twice.
    Unanswered votes are given up before the votes are read: an answer recorded
    meanwhile is either counted here or kept as late, never both and never neither.

    Raises:  NotFound.
    """
    is_mine = models.Run.objects.filter(pk=run_id, state=models.Run.State.OPEN).update(
        state=models.Run.State.CLOSED, closed_at=now, closed_by=by, close_reason=reason[:200]
    )
    run = models.Run.objects.select_related("account").filter(pk=run_id).first()
    if run is None:
        raise NotFound(f"there is no run {run_id}")
    if is_mine:
        runs.give_up_open_votes(run_id)
        _file_decision(run, now=now)
    return run


def close_if_answered(run_id: UUID, *, by: str, now: datetime) -> bool:
    """Close *run_id* if every vote is in; say whether it is closed now.

    A chord's callback comes here: a redelivered header task counts toward the chord
    without having answered, so the callback alone does not prove that all did.
    """
    waiting = models.Vote.objects.filter(run_id=run_id, state__in=models.Vote.OPEN_STATES)
    if waiting.exists():
        return False
    return close_run(run_id, by=by, reason="every vote is in", now=now).state != models.Run.State.OPEN


def _file_decision(run: models.Run, *, now: datetime) -> None:
    votes = list(models.Vote.objects.filter(run=run).select_related("voter").order_by("voter_id"))
    brief = briefs.shown(run.brief_id)
    heard = sum(vote.state in (models.Vote.State.CAST, models.Vote.State.ABSTAINED) for vote in votes)
    legs = _legs(run, brief, [_counted(vote) for vote in votes], now)
    decision = models.Decision.objects.create(
        run=run,
        filed_at=now,
        panel=len(votes),
        heard=heard,
        is_degraded=any(leg.is_degraded for leg in legs),
        latency_ms=(now - run.opened_at).total_seconds() * 1000.0,
        cost_usd=sum((vote.cost_usd for vote in votes), Decimal(0)),
        tokens=min(sum(vote.tokens_in + vote.tokens_out for vote in votes), MOST_TOKENS),
        limits_version=run.account.limits_version,
    )
    for leg in legs:
        leg.decision = decision
    models.DecisionLeg.objects.bulk_create(legs)
    log.info("run_closed", run_id=str(run.pk), by=run.closed_by, heard=heard, panel=len(votes))


def _legs(
    run: models.Run, brief: Brief, votes: Sequence[tallies.CountedVote], now: datetime
) -> list[models.DecisionLeg]:
    # The switch and the market's clock are read once: all legs of a decision are judged by the same facts.
    is_killed, ages = accounts.is_killed(), markets.ages_candles(brief, now=now)
    legs = []
    for position, (market, age_candles) in enumerate(zip(brief.markets, ages, strict=True)):
        tally = tallies.count(votes, market.symbol)
        rules = tally.rules(run.quorum, min_confidence=run.min_confidence, min_agreement=run.min_agreement)
        consensus = weighted_majority(tally.ballots, rules)
        judgement = judgements.judge(
            consensus,
            market,
            rules=rules,
            account=run.account,
            age_candles=age_candles,
            is_killed=is_killed,
        )
        legs.append(_row(position, market.symbol, market.price, consensus, judgement))
    return legs


def _counted(vote: models.Vote) -> tallies.CountedVote:
    return tallies.CountedVote(
        voter=vote.voter_id,
        weight=vote.weight,
        model=vote.response_model or vote.request_model,
        family=vote.voter.provider_id,
        state=vote.state,
        answers=tallies.parse(vote.answers),
    )


def _row(
    position: int, symbol: str, price: float, consensus: Consensus, judgement: judgements.Judgement
) -> models.DecisionLeg:
    return models.DecisionLeg(
        position=position,
        symbol=symbol,
        outcome=consensus.outcome.value,
        confidence=consensus.confidence,
        agreement=consensus.agreement,
        n_eff=consensus.n_eff,
        is_degraded=consensus.is_degraded,
        arithmetic=consensus.arithmetic[:300],
        scores={action.value: score for action, score in consensus.scores.items()},
        counts={action.value: count for action, count in consensus.counts.items()},
        risk_level=consensus.risk_level.value if consensus.risk_level else "",
        price=judgements.level(price),
        stop=judgements.level(consensus.stop),
        target=judgements.level(consensus.target),
        verdict=judgement.verdict,
        verdict_reason=judgement.reason[:400],
        requested_usd=judgement.requested_usd,
        size_usd=judgement.size_usd,
        checks=judgement.checks,
    )
