"""How many independent voters a council counts for: those who err together are discounted."""

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from thalas.domain.consensus import Ballot

# How far the errors of two voters go together, from 0 (not at all) to 1 (they are one voter).
Correlation: TypeAlias = Callable[[Ballot, Ballot], float]

ANALYST = "analyst"
SAME_MODEL, SAME_VENDOR, BOTH_ANALYSTS, STRANGERS = 1.0, 0.7, 0.5, 0.3


def effective_voters(ballots: Sequence[Ballot], correlation: Correlation | None = None) -> float:
    """Return how many independent voters *ballots* count for: (Σw)² / Σᵢⱼ wᵢ·wⱼ·ρᵢⱼ; 0 without weight.

    correlation  ρ of two voters, `assumed` unless it has been learned; below 0 it counts as 0 and
                 above 1 as 1, so that the result lies between 1 and the number of ballots

    Raises:  ValueError if a correlation is not a number.
    Source:  Kish (1965), Survey Sampling: the variance of a weighted mean of correlated units.
    """
    total = math.fsum(ballot.weight for ballot in ballots)
    if total <= 0:
        return 0.0
    shares = [ballot.weight / total for ballot in ballots]  # shares, so that huge weights do not overflow
    spread = math.fsum(
        shares[i] * shares[j] * (1.0 if i == j else _bounded(one, other, correlation or assumed))
        for i, one in enumerate(ballots)
        for j, other in enumerate(ballots)
    )
    return 1.0 / spread


def assumed(one: Ballot, other: Ballot) -> float:
    """Return how far the errors of two voters are assumed to go together until that has been learned."""
    if one.model and one.model == other.model:
        return SAME_MODEL
    if one.family and one.family == other.family:
        return BOTH_ANALYSTS if one.family == ANALYST else SAME_VENDOR
    return STRANGERS


def _bounded(one: Ballot, other: Ballot, correlation: Correlation) -> float:
    rho = correlation(one, other)
    if math.isnan(rho):
        raise ValueError(f"the correlation of {one.voter} and {other.voter} is not a number")
    return min(max(rho, 0.0), 1.0)
