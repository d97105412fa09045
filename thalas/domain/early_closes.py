"""Is a run decided before all have answered? Only if no answer still to come could change an outcome."""

import math
from collections.abc import Sequence

from providers.voters.types import Action
from thalas.domain.consensus import TIE, Ballot, Rules, weighted_majority

# Scores are sums of floats: a lead must be this much larger than exact arithmetic asks for.
SLACK = 1e-9


def is_settled(ballots: Sequence[Ballot], outstanding: Sequence[float], rules: Rules) -> bool:
    """Say whether the outcome of *ballots* stands, whatever voters with the weights *outstanding* still say.

    A voter to come may vote for any action with any confidence, abstain or fail, so it
    adds between 0 and its weight to one score. Where that cannot be bounded (an outcome
    that only a threshold turned into HOLD), the answer is no: waiting is always right.

    Raises:  ValueError if a weight is negative or not finite.
    """
    if any(not (math.isfinite(weight) and weight >= 0) for weight in outstanding):
        raise ValueError(f"outstanding weights {list(outstanding)} must be finite and not negative")
    cast, to_come = len(ballots), len(outstanding)
    needed = max(rules.quorum, 1)
    if cast + to_come < needed:
        return True
    if cast < needed:
        return False
    scores = weighted_majority(ballots, rules).scores
    winner = max(scores, key=lambda action: scores[action])
    most = math.fsum(outstanding)
    rivals = max(score for action, score in scores.items() if action is not winner)
    if scores[winner] - rivals <= most + TIE + SLACK * (1 + scores[winner] + most):
        return False
    return winner is Action.HOLD or _passes(ballots, outstanding, scores, winner, rules)


def _passes(
    ballots: Sequence[Ballot],
    outstanding: Sequence[float],
    scores: dict[Action, float],
    winner: Action,
    rules: Rules,
) -> bool:
    """Say whether the winner keeps both minimums in the worst case.

    Agreement is least when all that is to come backs others at full confidence. The mean
    confidence of the supporters is least when all of it joins them at none, and their share
    of the votes is least when none of it does; both at once is worse than either.
    """
    most = math.fsum(outstanding)
    agreement = scores[winner] / (math.fsum(scores.values()) + most)
    supporters = [ballot for ballot in ballots if ballot.action is winner]
    weight = math.fsum(ballot.weight for ballot in supporters) + most
    mean = scores[winner] / weight
    confidence = mean * (0.7 + 0.3 * len(supporters) / (len(ballots) + len(outstanding)))
    return agreement >= rules.min_agreement + SLACK and confidence >= rules.min_confidence + SLACK
