"""Brute-force consensus arithmetic from the specification's words alone, to compare with the real one.

Everything is exact (fractions) and counted the slow way. Where the words leave a gap, the reading is this:
- no vote cast at all is NO_DECISION, whatever the quorum says
- a share of nothing is 0: the agreement when all scores are 0, the confidence of a side nobody
  supports or whose supporters weigh nothing
- after a tie, agreement and confidence are those of HOLD, the side chosen; after a minimum that was not
  reached they stay those of the side that would have won, for they are the reason
- "within 1e-9" is the plain difference of two scores, 1e-9 included; a minimum reached exactly is reached
"""

from fractions import Fraction
from typing import TypedDict

ACTIONS = ("BUY", "SELL", "HOLD")
TIE = Fraction(1, 10**9)


class Outcome(TypedDict):
    """decision; winner before the minimums (None without quorum); scores; shares in [0, 1]; counts."""

    decision: str
    winner: str | None
    scores: dict[str, float]
    agreement: float
    confidence: float
    supporters: int
    participating: int
    total: int


def default_quorum(panel: int) -> int:
    """Return half of *panel*, rounded up, by counting."""
    needed = 0
    while needed + needed < panel:
        needed += 1
    return needed


def weighted_majority(
    votes: list[tuple[str, float, float]],
    panel: int,
    quorum: int,
    min_confidence: float,
    min_agreement: float,
) -> Outcome:
    """Return the outcome for cast votes of (action, weight, confidence), abstentions left out."""
    cast = len(votes)
    scores = {side: score(votes, side) for side in ACTIONS}
    outcome = Outcome(
        decision="NO_DECISION",
        winner=None,
        scores={side: float(scores[side]) for side in ACTIONS},
        agreement=0.0,
        confidence=0.0,
        supporters=0,
        participating=cast,
        total=panel,
    )
    if cast == 0 or cast < quorum:
        return outcome
    winner = largest(scores)
    agreement = share(scores[winner], sum(scores.values(), Fraction(0)))
    confidence = confidence_of(votes, winner)
    outcome["winner"] = winner
    outcome["agreement"] = float(agreement)
    outcome["confidence"] = float(confidence)
    outcome["supporters"] = len([vote for vote in votes if vote[0] == winner])
    is_enough = confidence >= Fraction(min_confidence) and agreement >= Fraction(min_agreement)
    outcome["decision"] = winner if is_enough else "HOLD"
    return outcome


def score(votes: list[tuple[str, float, float]], side: str) -> Fraction:
    """Return S(a), the sum of weight x confidence over the votes for one action."""
    total = Fraction(0)
    for action, weight, confidence in votes:
        if action == side:
            total += Fraction(weight) * Fraction(confidence)
    return total


def largest(scores: dict[str, Fraction]) -> str:
    """Return the action with the largest score, HOLD if another comes within 1e-9 of it."""
    for side in ACTIONS:
        others = [scores[other] for other in ACTIONS if other != side]
        if all(scores[side] - other > TIE for other in others):
            return side
    return "HOLD"


def confidence_of(votes: list[tuple[str, float, float]], side: str) -> Fraction:
    """Return the supporters' weighted mean confidence x (0.7 + 0.3 x supporters / cast)."""
    supporters = [vote for vote in votes if vote[0] == side]
    weight = sum((Fraction(vote[1]) for vote in supporters), Fraction(0))
    mean = share(score(votes, side), weight)
    return mean * (Fraction(7, 10) + Fraction(3, 10) * Fraction(len(supporters), len(votes)))


def n_eff(weights: list[float], rho: list[list[float]]) -> float:
    """Return the effective number of voters: the squared sum of w over the sum of all wi x wj x rho[i][j]."""
    total = Fraction(0)
    together = Fraction(0)
    for i in range(len(weights)):
        total += Fraction(weights[i])
        for j in range(len(weights)):
            together += Fraction(weights[i]) * Fraction(weights[j]) * Fraction(rho[i][j])
    return float(share(total * total, together))


def share(part: Fraction, whole: Fraction) -> Fraction:
    """Return part / whole, 0 where the whole is 0."""
    return part / whole if whole != 0 else Fraction(0)
