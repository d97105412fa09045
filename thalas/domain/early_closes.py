"""Is a run decided before all have answered? Only if no answer still to come could change an outcome.

Each method has a bound of its own, proved beside it. A voter to come may vote for any action with any
confidence and risk level, abstain or fail, so it adds between 0 and its weight to one score. Where that
cannot be bounded (an outcome that only a threshold turned into HOLD), the answer is no: waiting is always
right.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import risk
from providers.voters.types import Action
from thalas.domain import methods
from thalas.domain.consensus import TIE, Ballot, Rules, count_backers
from thalas.domain.methods import LEAST_CHANCE, SUPPORT_BASE, SUPPORT_SHARE, THETA, Method

# Scores are sums of floats: a lead must be this much larger than exact arithmetic asks for.
SLACK = 1e-9
# The most by which one vote, for each unit of its weight, can raise one action above another in a pool:
# it gives the one 1 - LEAST_CHANCE and the other LEAST_CHANCE / 2.
PULL = math.log((1.0 - LEAST_CHANCE) / (LEAST_CHANCE / 2.0))


@dataclass(frozen=True, slots=True)
class _Stand:
    """A side that no answer to come can change, and the least that its confidence can become."""

    side: Action
    confidence: float


def is_settled(
    ballots: Sequence[Ballot],
    outstanding: Sequence[float],
    rules: Rules,
    method: Method = Method.WEIGHTED_MAJORITY,
) -> bool:
    """Say whether the outcome of *ballots* stands, whatever voters with the weights *outstanding* still say.

    Raises:  ValueError if a weight is negative or not finite.
    """
    if any(not (math.isfinite(weight) and weight >= 0) for weight in outstanding):
        raise ValueError(f"outstanding weights {list(outstanding)} must be finite and not negative")
    if len(ballots) + len(outstanding) < rules.needed:
        return True
    if len(ballots) < rules.needed:
        return False
    counted = methods.by_risk(ballots) if method is Method.RISK_ADJUSTED else ballots
    stand = STANDS[method](counted, outstanding)
    if stand is None:
        return False
    if stand.side is Action.HOLD:
        return True
    # The gate refuses an order that too few back, and one more may still come.
    is_backed = count_backers(counted, stand.side) >= risk.least_backers(rules.panel)
    return is_backed and _passes(stand, methods.scores(counted), outstanding, rules)


def _passes(stand: _Stand, scores: dict[Action, float], outstanding: Sequence[float], rules: Rules) -> bool:
    """Say whether the side keeps both minimums; agreement is least when all to come backs others."""
    total = math.fsum(scores.values()) + math.fsum(outstanding)
    agreement = scores[stand.side] / total if total > 0 else 0.0
    return agreement >= rules.min_agreement + SLACK and stand.confidence >= rules.min_confidence + SLACK


def _majority(ballots: Sequence[Ballot], outstanding: Sequence[float]) -> _Stand | None:
    """Bound a majority: the leader's lead has to be larger than all that can be added to a rival.

    With risk levels the weights of *ballots* are already reduced; those to come are counted in full,
    as if their votes called their risk low, and any other level adds less.
    """
    scores, most = methods.scores(ballots), math.fsum(outstanding)
    side = max(scores, key=lambda action: scores[action])
    rivals = max(score for action, score in scores.items() if action is not side)
    if scores[side] - rivals <= most + TIE + SLACK * (1 + scores[side] + most):
        return None
    return _Stand(side, _least_support(ballots, outstanding, side))


def _average(ballots: Sequence[Ballot], outstanding: Sequence[float]) -> _Stand | None:
    """Bound an average: N of weight T becomes (N + y) / (T + t) with |y| ≤ t ≤ all to come.

    As |N| ≤ T, both ends are farthest out when all to come votes the same way, sure of it.
    """
    weight, most = math.fsum(b.weight for b in ballots), math.fsum(outstanding)
    if weight + most <= 0:
        return _Stand(Action.HOLD, 0.0)
    pull = methods.average(ballots) * weight
    low, high = (pull - most) / (weight + most), (pull + most) / (weight + most)
    if low > -THETA + SLACK and high < THETA - SLACK:
        return _Stand(Action.HOLD, 0.0)
    if low >= THETA + SLACK:
        return _Stand(Action.BUY, _least_support(ballots, outstanding, Action.BUY))
    if high <= -THETA - SLACK:
        return _Stand(Action.SELL, _least_support(ballots, outstanding, Action.SELL))
    return None


def _pool(ballots: Sequence[Ballot], outstanding: Sequence[float]) -> _Stand | None:
    """Bound a pool: the lead in Σ w·log p of the largest has to be more than PULL for all weight to come.

    The pool's exponents are these sums × n_eff/Σw, where n_eff ≥ 1 whoever votes and Σw is at most all
    weight. So for a *lead* over each rival p is at least 1 / (1 + Σ exp(-lead/all)), and its distance to
    a rival at least p × (1 - exp(-lead/all)): with this slack, and p ≥ 1/3, no tie. One vote that is
    sure of another action moves more than ten at 0.8: pools seldom close early.
    """
    most = math.fsum(outstanding)
    whole = math.fsum(b.weight for b in ballots) + most
    logs = {a: math.fsum(b.weight * methods.log_chance(b, a) for b in ballots) for a in Action}
    side = max(logs, key=lambda action: logs[action])
    leads = [logs[side] - log - most * PULL for action, log in logs.items() if action is not side]
    if min(leads) <= SLACK * (1 + whole * PULL):
        return None
    chance = 1.0 / (1.0 + math.fsum(math.exp(-lead / whole) for lead in leads))
    return _Stand(side, chance)


def _least_support(ballots: Sequence[Ballot], outstanding: Sequence[float], side: Action) -> float:
    """Return the least confidence that *side* can end with.

    The mean of the supporters is least when all that is to come joins them at none, and their
    share of the votes is least when none of it does; both at once is worse than either.
    """
    supporters = [ballot for ballot in ballots if ballot.action is side]
    weight = math.fsum(ballot.weight for ballot in supporters) + math.fsum(outstanding)
    mean = math.fsum(b.weight * b.confidence for b in supporters) / weight if weight > 0 else 0.0
    share = len(supporters) / (len(ballots) + len(outstanding))
    return mean * (SUPPORT_BASE + SUPPORT_SHARE * share)


STANDS: dict[Method, Callable[[Sequence[Ballot], Sequence[float]], _Stand | None]] = {
    Method.WEIGHTED_MAJORITY: _majority,
    Method.RISK_ADJUSTED: _majority,
    Method.CONFIDENCE_AVERAGE: _average,
    Method.LOG_OPINION_POOL: _pool,
}
