"""What other methods make of the votes that a run was decided by; nothing is changed by looking."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from thalas import models
from thalas.domain import tallies
from thalas.domain.methods import Method, aggregate
from thalas.selectors import records


@dataclass(frozen=True, slots=True)
class Reading:
    """One method's outcome on one symbol, as it would have been decided."""

    method: Method
    outcome: str
    confidence: float
    agreement: float
    arithmetic: str


def counted(votes: Iterable[models.Vote]) -> tuple[tallies.CountedVote, ...]:
    """Return *votes* as a tally counts them; answers that cannot be read any more are none."""
    return tuple(
        tallies.CountedVote(
            voter=vote.voter_id,
            weight=vote.weight,
            model=vote.response_model or vote.request_model,
            family=vote.voter.provider_id,
            state=vote.state,
            answers=records.answers(vote),
        )
        for vote in votes
    )


def others(run: models.Run, votes: Sequence[tallies.CountedVote], symbol: str) -> tuple[Reading, ...]:
    """Return what each method but *run*'s own makes of *votes* on *symbol*."""
    return tuple(reading(run, votes, symbol, method) for method in Method if method != run.method)


def reading(run: models.Run, votes: Sequence[tallies.CountedVote], symbol: str, method: Method) -> Reading:
    """Return what *method* makes of *votes* on *symbol*, by the quorum and minimums of *run*."""
    tally = tallies.count(votes, symbol)
    rules = tally.rules(run.quorum, min_confidence=run.min_confidence, min_agreement=run.min_agreement)
    consensus = aggregate(method, tally.ballots, rules)
    return Reading(
        method=method,
        outcome=consensus.outcome.value,
        confidence=consensus.confidence,
        agreement=consensus.agreement,
        arithmetic=consensus.arithmetic,
    )
