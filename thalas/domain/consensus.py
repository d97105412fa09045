"""What a consensus is: ballots and rules go in, one outcome with its arithmetic comes out; see `methods`."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from providers.voters.types import Action, RiskLevel

TIE = 1e-9
MAX_WEIGHT = 1e6


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
    model, family  what it shares with others, see `independence`
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


def count_backers(ballots: Iterable[Ballot], action: Action) -> int:
    """Return how many of *ballots* back *action*; who is only shown, and weighs nothing, backs nobody."""
    return sum(ballot.action is action and ballot.weight > 0 for ballot in ballots)


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

    @property
    def needed(self) -> int:
        """Cast votes without which nothing is decided: the quorum, and never fewer than one."""
        return max(self.quorum, 1)


@dataclass(frozen=True, slots=True)
class Consensus:
    """The aggregate for one symbol; *arithmetic* is the sentence that explains it.

    scores    weight × confidence gathered by each action, with the weights of the method
    n_eff     how many independent voters were heard, see `independence`
    baseline  what the same votes say if each counts one: the yardstick beside every method
    backers   how many voters of some weight say what the outcome says
    """

    outcome: Outcome
    confidence: float
    agreement: float
    n_eff: float
    baseline: Outcome
    is_degraded: bool
    scores: dict[Action, float]
    counts: dict[Action, int]
    risk_level: RiskLevel | None
    stop: float | None
    target: float | None
    arithmetic: str
    backers: int


def default_quorum(panel: int) -> int:
    """Return ⌈panel / 2⌉."""
    return math.ceil(panel / 2)
