"""How votes become one outcome: four methods, deterministic and the same for any order of votes.

Each first finds a side; a tie is HOLD. Quorum and minimums are the same for all: too few cast votes are
NO_DECISION, and a side that does not reach a minimum is HOLD with the reason. Each gives the score of an
action as S(a) = Σ w·c over its votes; agreement is the side's S over ΣS, 0 when ΣS is 0.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from providers.voters.types import Action, RiskLevel
from thalas.domain.consensus import TIE, Ballot, Consensus, Outcome, Rules, count_backers
from thalas.domain.independence import Correlation, effective_voters

SUPPORT_BASE, SUPPORT_SHARE = 0.7, 0.3
RISK_FACTORS = {RiskLevel.LOW: 1.0, RiskLevel.MEDIUM: 0.85, RiskLevel.HIGH: 0.6}
DIRECTIONS = {Action.BUY: 1.0, Action.SELL: -1.0, Action.HOLD: 0.0}
THETA = 0.2
# 0.3 / 1.5 is a float below 0.2: what misses the threshold by less than this has reached it.
ROUNDING = 1e-12
# No vote is surer than this of anything: a chance of 0 would be a veto that no other voice could answer.
LEAST_CHANCE = 1e-9


class Method(StrEnum):
    """The ways to aggregate votes, by the names under which they are chosen."""

    WEIGHTED_MAJORITY = "weighted_majority"
    CONFIDENCE_AVERAGE = "confidence_average"
    RISK_ADJUSTED = "risk_adjusted"
    LOG_OPINION_POOL = "log_opinion_pool"


@dataclass(frozen=True, slots=True)
class _Finding:
    """What a method has found: a side, how sure it is of it, and the numbers that say so in words."""

    side: Action
    confidence: float
    scores: dict[Action, float]
    told: str
    is_tie: bool = False


def aggregate(
    method: Method, ballots: Sequence[Ballot], rules: Rules, correlation: Correlation | None = None
) -> Consensus:
    """Aggregate *ballots* by *method*; abstentions are no ballots, and count for nothing."""
    return FUNCTIONS[method](ballots, rules, correlation)


def weighted_majority(
    ballots: Sequence[Ballot], rules: Rules, correlation: Correlation | None = None
) -> Consensus:
    """Let the largest score win.

    confidence  (Σ w·c / Σ w over the winner's supporters) × (0.7 + 0.3 × supporters / cast)

    Source:  Littlestone & Warmuth (1994), Information and Computation 108(2), with confidences.
    """
    return _concluded(_majority(ballots), ballots, rules, correlation)


def confidence_average(
    ballots: Sequence[Ballot], rules: Rules, correlation: Correlation | None = None
) -> Consensus:
    """Average the voters' directions: Σ w·c·d / Σ w with d = 1 BUY, 0 HOLD, -1 SELL; a side needs ±0.2.

    confidence  as of the weighted majority, for the side chosen

    Source:  Stone (1961), Annals of Mathematical Statistics 32(4), the linear opinion pool.
    """
    score = average(ballots)
    side = Action.BUY if _reaches(score) else Action.SELL if _reaches(-score) else Action.HOLD
    found = scores(ballots)
    told = f"average {score + 0.0:+.2f} against ±{THETA:.2f}, {_told(found)}"
    return _concluded(_Finding(side, _support(ballots, side), found, told), ballots, rules, correlation)


def risk_adjusted(
    ballots: Sequence[Ballot], rules: Rules, correlation: Correlation | None = None
) -> Consensus:
    """Let the largest score win, with w × 1, 0.85, 0.6 for a vote that calls its own risk low, medium, high.

    Source:  SPEC C5; n_eff is that of the voters' own weights, for it says who was heard, not what was said.
    """
    return _concluded(_majority(by_risk(ballots)), ballots, rules, correlation)


def log_opinion_pool(
    ballots: Sequence[Ballot], rules: Rules, correlation: Correlation | None = None
) -> Consensus:
    """Multiply the voters' distributions: p ∝ Π pᵢ^λᵢ with λᵢ = wᵢ·n_eff/Σw; the largest p wins.

    A vote is c on its action and (1 - c) / 2 on each other one, so a c below 1/3 speaks against its own:
    votes that doubt themselves can raise a side that nobody voted for, of which the agreement is then 0.

    confidence  p of the side

    Source:  Genest & Zidek (1986), Statistical Science 1(1), section 3, the logarithmic opinion pool.
    """
    pooled = chances(ballots, correlation)
    side = _leader(pooled)
    told = f"pooled {_told(pooled)}" if any(b.weight for b in ballots) else _told({})
    finding = _Finding(side, pooled[side], scores(ballots), told, _is_tie(pooled))
    return _concluded(finding, ballots, rules, correlation)


FUNCTIONS: dict[Method, Callable[[Sequence[Ballot], Rules, Correlation | None], Consensus]] = {
    Method.WEIGHTED_MAJORITY: weighted_majority,
    Method.CONFIDENCE_AVERAGE: confidence_average,
    Method.RISK_ADJUSTED: risk_adjusted,
    Method.LOG_OPINION_POOL: log_opinion_pool,
}


def one_voter_one_vote(ballots: Sequence[Ballot], rules: Rules) -> Outcome:
    """Return what most ballots say, whatever they weigh and however sure they are; a tie is HOLD."""
    if len(ballots) < rules.needed:
        return Outcome.NO_DECISION
    votes = {action: float(sum(b.action is action for b in ballots)) for action in Action}
    return Outcome(_leader(votes).value)


def scores(ballots: Sequence[Ballot]) -> dict[Action, float]:
    """Return S(a) of each action."""
    return {a: math.fsum(b.weight * b.confidence for b in ballots if b.action is a) for a in Action}


def by_risk(ballots: Sequence[Ballot]) -> list[Ballot]:
    """Return *ballots* with the weights that their own risk levels leave them."""
    return [replace(ballot, weight=ballot.weight * RISK_FACTORS[ballot.risk_level]) for ballot in ballots]


def average(ballots: Sequence[Ballot]) -> float:
    """Return the mean direction in [-1, 1]; 0 without weight."""
    weight = math.fsum(b.weight for b in ballots)
    pull = math.fsum(b.weight * b.confidence * DIRECTIONS[b.action] for b in ballots)
    return pull / weight if weight > 0 else 0.0


def chances(ballots: Sequence[Ballot], correlation: Correlation | None = None) -> dict[Action, float]:
    """Return the pooled probability of each action; a third each without weight."""
    weight, n_eff = math.fsum(b.weight for b in ballots), effective_voters(ballots, correlation)
    powers = [ballot.weight / weight * n_eff if weight > 0 else 0.0 for ballot in ballots]
    logs = {
        action: math.fsum(power * log_chance(b, action) for power, b in zip(powers, ballots, strict=True))
        for action in Action
    }
    largest = max(logs.values())
    parts = {action: math.exp(log - largest) for action, log in logs.items()}
    whole = math.fsum(parts.values())
    return {action: part / whole for action, part in parts.items()}


def log_chance(ballot: Ballot, action: Action) -> float:
    """Return the logarithm of the chance that *ballot* gives *action*."""
    if ballot.action is action:
        return math.log(min(max(ballot.confidence, LEAST_CHANCE), 1.0 - LEAST_CHANCE))
    # Bounded by itself: of 1 - (1 - 1e-9) a float keeps eight digits.
    return math.log(min(max(1.0 - ballot.confidence, LEAST_CHANCE), 1.0 - LEAST_CHANCE) / 2.0)


def _majority(ballots: Sequence[Ballot]) -> _Finding:
    found = scores(ballots)
    side = _leader(found)
    return _Finding(side, _support(ballots, side), found, _told(found), _is_tie(found))


def _concluded(
    finding: _Finding, ballots: Sequence[Ballot], rules: Rules, correlation: Correlation | None
) -> Consensus:
    """Return the consensus that *finding* is under *rules*."""
    total = math.fsum(finding.scores.values())
    agreement = min(finding.scores[finding.side] / total, 1.0) if total > 0 else 0.0
    outcome, arithmetic = _judged(finding, agreement, len(ballots), rules)
    is_decided = outcome is not Outcome.NO_DECISION
    supporters = [ballot for ballot in ballots if ballot.action is finding.side]
    backers = supporters if outcome.value == finding.side.value else []
    return Consensus(
        outcome=outcome,
        confidence=finding.confidence if is_decided else 0.0,
        agreement=agreement if is_decided else 0.0,
        n_eff=effective_voters(ballots, correlation),
        baseline=one_voter_one_vote(ballots, rules),
        is_degraded=rules.lost > 0 or not is_decided,
        scores=finding.scores,
        counts={action: sum(b.action is action for b in ballots) for action in Action},
        risk_level=_highest_risk(supporters),
        stop=_median([b.stop for b in backers]),
        target=_median([b.target for b in backers]),
        arithmetic=arithmetic,
        backers=count_backers(backers, finding.side),
    )


def _judged(finding: _Finding, agreement: float, cast: int, rules: Rules) -> tuple[Outcome, str]:
    side, told, confidence = finding.side, finding.told, finding.confidence
    if cast < rules.needed:
        return Outcome.NO_DECISION, (
            f"NO_DECISION: {cast} of {rules.panel} voters cast a vote, {rules.needed} are needed"
        )
    if finding.is_tie:
        return Outcome.HOLD, f"HOLD: {told}, a tie"
    if side is Action.HOLD:
        return Outcome.HOLD, f"HOLD: {told}, agreement {agreement:.2f}"
    if agreement < rules.min_agreement:
        return Outcome.HOLD, f"HOLD: {told}, agreement {agreement:.2f} below {rules.min_agreement:.2f}"
    if confidence < rules.min_confidence:
        return Outcome.HOLD, f"HOLD: {told}, confidence {confidence:.2f} below {rules.min_confidence:.2f}"
    return Outcome(side.value), f"{side}: {told}, agreement {agreement:.2f}, confidence {confidence:.2f}"


def _support(ballots: Sequence[Ballot], side: Action) -> float:
    """Return the mean confidence of the supporters of *side*, less the fewer of all they are."""
    supporters = [ballot for ballot in ballots if ballot.action is side]
    weight = math.fsum(b.weight for b in supporters)
    if weight <= 0:
        return 0.0
    mean = min(math.fsum(b.weight * b.confidence for b in supporters) / weight, 1.0)
    return mean * (SUPPORT_BASE + SUPPORT_SHARE * len(supporters) / len(ballots))


def _reaches(score: float) -> bool:
    return score >= THETA - ROUNDING


def _leader(found: dict[Action, float]) -> Action:
    best = max(found.values())
    leaders = [action for action, score in found.items() if best - score <= TIE]
    return leaders[0] if len(leaders) == 1 else Action.HOLD


def _is_tie(found: dict[Action, float]) -> bool:
    first, second = sorted(found.values(), reverse=True)[:2]
    return first - second <= TIE


def _told(found: dict[Action, float]) -> str:
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    given = [(action, score) for action, score in ranked if score > 0]
    if not given:
        return "no vote carries weight"
    return " against ".join(f"{action} {score:.2f}" for action, score in given)


def _highest_risk(ballots: Sequence[Ballot]) -> RiskLevel | None:
    levels = {ballot.risk_level for ballot in ballots}
    return next(
        (level for level in (RiskLevel.HIGH, RiskLevel.MEDIUM, RiskLevel.LOW) if level in levels), None
    )


def _median(levels: Sequence[float | None]) -> float | None:
    given = [level for level in levels if level is not None]
    return median(given) if given else None
