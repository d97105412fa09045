"""How votes become one outcome: weighted majority, deterministic and the same for any order of votes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from providers.voters.types import Action, RiskLevel

TIE = 1e-9
MAX_WEIGHT = 1e6
SUPPORT_BASE, SUPPORT_SHARE = 0.7, 0.3


class Outcome(StrEnum):
    """What the council says about one symbol; NO_DECISION means that it could not say anything."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    NO_DECISION = "NO_DECISION"


@dataclass(frozen=True, slots=True)
class Ballot:
    """One cast vote on one symbol.

    weight      in [0, 1e6]
    confidence  in [0, 1]; raw until voters are calibrated
    stop, target  price levels or None
    model, family  what it shares with others, see `effective_voters`
    """

    voter: str
    action: Action
    weight: float
    confidence: float
    risk_level: RiskLevel = RiskLevel.MEDIUM
    stop: float | None = None
    target: float | None = None
    model: str = ""
    family: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.weight <= MAX_WEIGHT:
            raise ValueError(f"weight of {self.voter} is {self.weight}; it must lie in [0, {MAX_WEIGHT:g}]")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"confidence of {self.voter} is {self.confidence}; it must lie in [0, 1]")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a consensus needs: *quorum* cast votes of *panel* voters, and two thresholds in [0, 1].

    lost  voters of the panel that could not be heard: failed, invalid or missing, not abstained
    """

    panel: int
    quorum: int
    min_confidence: float = 0.0
    min_agreement: float = 0.0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Consensus:
    """The aggregate for one symbol; *arithmetic* is the sentence that explains it."""

    outcome: Outcome
    confidence: float
    agreement: float
    n_eff: float
    is_degraded: bool
    scores: dict[Action, float]
    counts: dict[Action, int]
    risk_level: RiskLevel | None
    stop: float | None
    target: float | None
    arithmetic: str


def default_quorum(panel: int) -> int:
    """Return ⌈panel / 2⌉."""
    return math.ceil(panel / 2)


def weighted_majority(ballots: Sequence[Ballot], rules: Rules) -> Consensus:
    """Aggregate *ballots*: S(a) = Σ w·c over votes for a, the largest S wins, ties are HOLD.

    agreement   S(winner) / ΣS, 0 when ΣS is 0
    confidence  (Σ w·c / Σ w over the winner's supporters) × (0.7 + 0.3 × supporters / cast)
    """
    scores = {
        action: math.fsum(b.weight * b.confidence for b in ballots if b.action is action) for action in Action
    }
    counts = {action: sum(b.action is action for b in ballots) for action in Action}
    winner = _winner(scores)
    supporters = [ballot for ballot in ballots if ballot.action is winner]
    agreement = _share(scores[winner], math.fsum(scores.values()))
    confidence = _confidence(supporters, len(ballots))
    outcome, arithmetic = _judge(winner, scores, agreement, confidence, len(ballots), rules)
    backers = supporters if outcome.value == winner.value else []
    return Consensus(
        outcome=outcome,
        confidence=confidence if outcome is not Outcome.NO_DECISION else 0.0,
        agreement=agreement if outcome is not Outcome.NO_DECISION else 0.0,
        n_eff=effective_voters(ballots),
        is_degraded=rules.lost > 0 or outcome is Outcome.NO_DECISION,
        scores=scores,
        counts=counts,
        risk_level=_highest_risk(supporters),
        stop=_median([b.stop for b in backers]),
        target=_median([b.target for b in backers]),
        arithmetic=arithmetic,
    )


def effective_voters(ballots: Sequence[Ballot]) -> float:
    """Return how many independent voters these count for: (Σw)² / Σᵢⱼ wᵢ·wⱼ·ρᵢⱼ; 0 without weight.

    Source:  Kish (1965), Survey Sampling, the effective sample size of correlated units.
    """
    total = math.fsum(b.weight for b in ballots)
    if total <= 0:
        return 0.0
    shares = [b.weight / total for b in ballots]  # shares, so that huge weights do not overflow
    spread = math.fsum(
        shares[i] * shares[j] * (1.0 if i == j else _correlation(one, other))
        for i, one in enumerate(ballots)
        for j, other in enumerate(ballots)
    )
    return 1.0 / spread


def _correlation(one: Ballot, other: Ballot) -> float:
    """Return the assumed correlation of two voters' errors until theirs has been learned."""
    if one.family == "analyst" and other.family == "analyst":
        return 0.5
    if one.model and one.model == other.model:
        return 1.0
    if one.family and one.family == other.family:
        return 0.7
    return 0.3


def _winner(scores: dict[Action, float]) -> Action:
    best = max(scores.values())
    leaders = [action for action, score in scores.items() if best - score <= TIE]
    return leaders[0] if len(leaders) == 1 else Action.HOLD


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole > 0 else 0.0


def _confidence(supporters: Sequence[Ballot], cast: int) -> float:
    weight = math.fsum(b.weight for b in supporters)
    if weight <= 0:
        return 0.0
    mean = min(math.fsum(b.weight * b.confidence for b in supporters) / weight, 1.0)
    return mean * (SUPPORT_BASE + SUPPORT_SHARE * len(supporters) / cast)


def _judge(
    winner: Action, scores: dict[Action, float], agreement: float, confidence: float, cast: int, rules: Rules
) -> tuple[Outcome, str]:
    if cast < rules.quorum or cast == 0:
        return Outcome.NO_DECISION, (
            f"NO_DECISION: {cast} of {rules.panel} voters cast a vote, {max(rules.quorum, 1)} are needed"
        )
    told = _told(scores)
    if _is_tie(scores):
        return Outcome.HOLD, f"HOLD: {told}, a tie"
    if winner is Action.HOLD:
        return Outcome.HOLD, f"HOLD: {told}, agreement {agreement:.2f}"
    if agreement < rules.min_agreement:
        return Outcome.HOLD, f"HOLD: {told}, agreement {agreement:.2f} below {rules.min_agreement:.2f}"
    if confidence < rules.min_confidence:
        return Outcome.HOLD, f"HOLD: {told}, confidence {confidence:.2f} below {rules.min_confidence:.2f}"
    return Outcome(winner.value), (
        f"{winner}: {told}, agreement {agreement:.2f}, confidence {confidence:.2f}"
    )


def _is_tie(scores: dict[Action, float]) -> bool:
    first, second = sorted(scores.values(), reverse=True)[:2]
    return first - second <= TIE


def _told(scores: dict[Action, float]) -> str:
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
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
