"""From the votes of a run to its decision: tally, aggregate, judge, file. Only a close calls this."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import structlog
from pydantic import ValidationError

from providers.voters.types import Brief, SymbolBrief
from thalas import models
from thalas.domain import tallies
from thalas.domain.consensus import Consensus, Outcome, Rules
from thalas.domain.methods import Method, aggregate
from thalas.selectors import accounts, briefs, desks, markets
from thalas.selectors.desks import Desk
from thalas.services import advice, inserts, judgements, reservations, statements
from thalas.services.statements import VoteToCount

log = structlog.get_logger(__name__)

# What the column holds; no honest count comes near it, and a dishonest one must not keep a run open.
MOST_TOKENS = 2_147_483_647
ORDERS = (Outcome.BUY, Outcome.SELL)
HEARD = (models.Vote.State.CAST, models.Vote.State.ABSTAINED)
NO_BRIEF = "the brief of this run cannot be read, so no vote can be checked against it"


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the votes of a run say of one of its markets, before the gate has seen it."""

    market: SymbolBrief
    rules: Rules
    consensus: Consensus

    @property
    def is_order(self) -> bool:
        """Say whether an account would have to pay for it."""
        return not self.market.is_given and self.consensus.outcome in ORDERS


@dataclass(frozen=True, slots=True)
class Facts:
    """What all legs of all runs that close together are judged by; read once, the locks before the rest."""

    desks: Mapping[str, Desk]
    is_killed: bool | None
    tape: markets.TapePosition | None
    now: datetime


def votes_of(run_ids: Collection[UUID]) -> dict[UUID, list[VoteToCount]]:
    """Return the votes of each of *run_ids*, in the order of their voters' names."""
    found: dict[UUID, list[VoteToCount]] = {run_id: [] for run_id in run_ids}
    for vote in statements.votes_to_count(run_ids):
        found[vote.run_id].append(vote)
    return found


def tallied(votes: Sequence[VoteToCount], brief: Brief) -> list[tallies.Tally]:
    """Return the tally of *votes* for each market of *brief*."""
    counted = [_counted(vote) for vote in votes]
    return [tallies.count(counted, market.symbol) for market in brief.markets]


def rules(run: models.Run, tally: tallies.Tally) -> Rules:
    """Return the rules by which *tally* becomes *run*'s consensus."""
    return tally.rules(run.quorum, min_confidence=run.min_confidence, min_agreement=run.min_agreement)


def file(
    runs: Mapping[UUID, models.Run], votes: Mapping[UUID, Sequence[VoteToCount]], *, now: datetime
) -> dict[UUID, int]:
    """File a decision with its legs for each of *runs*; return how many votes each was decided by.

    What is approved is held free on its account, which stays locked until the caller's transaction ends.
    """
    asked = {run_id: _opinions(run, votes[run_id]) for run_id, run in runs.items()}
    facts = _facts(runs, asked, now)
    made, legs, held = [], [], []
    for run_id, run in runs.items():
        its_legs, its_holds = _legs(run, asked[run_id], len(votes[run_id]), facts)
        made.append(_decision(run, votes[run_id], its_legs, facts))
        legs += its_legs
        held += its_holds
    inserts.put(made)
    inserts.put(legs)
    reservations.store(held)
    return {decision.run_id: decision.heard for decision in made}


def _facts(
    runs: Mapping[UUID, models.Run], asked: Mapping[UUID, Sequence[Opinion] | None], now: datetime
) -> Facts:
    """Read what is judged by; accounts that may have to pay are locked before anything of theirs is read."""
    accounts_of = {run_id: run.account_id for run_id, run in runs.items()}
    paying = {
        accounts_of[run_id] for run_id, its in asked.items() if any(each.is_order for each in its or ())
    }
    tape = markets.tape_or_none(now=now)
    locked = desks.read(paying, is_locking=True, now=now, tape=tape)
    others = desks.read(set(accounts_of.values()) - paying, is_locking=False, now=now, tape=tape)
    return Facts(locked | others, accounts.is_killed(), tape, now)


def _decision(
    run: models.Run, votes: Sequence[VoteToCount], legs: Sequence[models.DecisionLeg], facts: Facts
) -> models.Decision:
    decision = models.Decision(
        run=run,
        filed_at=facts.now,
        panel=len(votes),
        heard=sum(vote.state in HEARD for vote in votes),
        is_degraded=any(leg.is_degraded for leg in legs),
        latency_ms=(facts.now - run.opened_at).total_seconds() * 1000.0,
        cost_usd=sum((vote.cost_usd for vote in votes), Decimal(0)),
        tokens=min(sum(vote.tokens_in + vote.tokens_out for vote in votes), MOST_TOKENS),
        limits_version=facts.desks[run.account_id].account.limits_version,
    )
    for leg in legs:
        leg.decision = decision
    return decision


def _opinions(run: models.Run, votes: Sequence[VoteToCount]) -> list[Opinion] | None:
    """Return what *votes* say of each of the run's markets; None if nobody knows any more what they are."""
    try:
        brief = briefs.shown(run.brief_id)
    except ValueError:
        log.exception("brief_unreadable", run_id=str(run.pk), brief=run.brief_id)
        return None
    opinions = []
    for market, tally in zip(brief.markets, tallied(votes, brief), strict=True):
        its_rules = rules(run, tally)
        opinions.append(Opinion(market, its_rules, aggregate(Method(run.method), tally.ballots, its_rules)))
    return opinions


def _legs(
    run: models.Run, opinions: Sequence[Opinion] | None, panel: int, facts: Facts
) -> tuple[list[models.DecisionLeg], list[models.Reservation]]:
    """Return the legs of *run*, and what of its account they hold free."""
    if opinions is None:
        return [_undecided(run, place, symbol, panel) for place, symbol in enumerate(run.symbols)], []
    desk, legs, held = facts.desks[run.account_id], [], []
    ages = markets.ages_candles(briefs.shown(run.brief_id), facts.tape)
    for place, (opinion, age_candles) in enumerate(zip(opinions, ages, strict=True)):
        market, consensus = opinion.market, opinion.consensus
        judgement = _judged(run, opinion, desk, age_candles, facts)
        order = reservations.Order(run, market.symbol, consensus.outcome.value, judgement)
        reservation = reservations.hold(order, desk, now=facts.now)
        held += [reservation] if reservation else []
        legs.append(_row(place, market.symbol, market.price, consensus, judgement))
    return legs, held


def _judged(
    run: models.Run, opinion: Opinion, desk: Desk, age_candles: float, facts: Facts
) -> judgements.Judgement:
    consensus, market, its_rules = opinion.consensus, opinion.market, opinion.rules
    if market.is_given:
        return advice.judge(
            consensus, market, rules=its_rules, account=desk.account, is_killed=facts.is_killed
        )
    return judgements.judge(
        consensus,
        market,
        rules=its_rules,
        desk=desk,
        timeframe=run.timeframe,
        age_candles=age_candles,
        is_killed=facts.is_killed,
    )


def _counted(vote: VoteToCount) -> tallies.CountedVote:
    try:
        answers = tallies.parse(vote.answers)
    except ValidationError:
        log.exception("answers_unreadable", run_id=str(vote.run_id), voter=vote.voter)
        answers = ()
    return tallies.CountedVote(
        voter=vote.voter,
        weight=vote.weight,
        model=vote.response_model or vote.request_model,
        family=vote.provider,
        state=vote.state,
        answers=answers,
    )


def _undecided(run: models.Run, position: int, symbol: str, panel: int) -> models.DecisionLeg:
    """Return the leg of a market of which nothing is known any more: an outage never moves a position."""
    consensus = aggregate(Method(run.method), (), Rules(panel=panel, quorum=run.quorum, lost=panel))
    nothing = judgements.Judgement("no_order", NO_BRIEF, Decimal(0), Decimal(0), [])
    return _row(position, symbol, None, consensus, nothing)


def _row(
    position: int, symbol: str, price: float | None, consensus: Consensus, judgement: judgements.Judgement
) -> models.DecisionLeg:
    return models.DecisionLeg(
        position=position,
        symbol=symbol,
        outcome=consensus.outcome.value,
        confidence=consensus.confidence,
        agreement=consensus.agreement,
        n_eff=consensus.n_eff,
        baseline=consensus.baseline.value,
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
