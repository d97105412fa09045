"""Count the votes of a run for one symbol: who cast, who abstained, who was lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from thalas.domain.consensus import Ballot, Rules
from thalas.domain.votes import CheckedAnswer, Stance

ANSWERS = TypeAdapter(tuple[CheckedAnswer, ...])
ANSWERED_STATES = ("cast", "abstained", "invalid")
WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class CountedVote:
    """One vote as it lies in the ballot box; *state* is the vote's state when the run closed."""

    voter: str
    weight: float
    model: str
    family: str
    state: str
    answers: tuple[CheckedAnswer, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes on one symbol; *lost* could not be heard: failed, invalid or missing, but not waived."""

    panel: int
    ballots: tuple[Ballot, ...]
    abstained: int
    lost: int

    def rules(self, quorum: int, *, min_confidence: float, min_agreement: float) -> Rules:
        """Return the rules of the consensus for this tally."""
        return Rules(
            panel=self.panel,
            quorum=quorum,
            min_confidence=min_confidence,
            min_agreement=min_agreement,
            lost=self.lost,
        )


def parse(stored: object) -> tuple[CheckedAnswer, ...]:
    """Read the answers that a vote stores.

    Raises:  pydantic.ValidationError if they are not what this version writes.
    """
    return ANSWERS.validate_python(stored)


def count(votes: Sequence[CountedVote], symbol: str) -> Tally:
    """Count *votes* on *symbol*; late ones are missing here, whatever they said; waived ones are not lost."""
    ballots, abstained = [], 0
    waived = sum(vote.state == WAIVED for vote in votes)
    for vote in votes:
        answer = _answer(vote, symbol)
        if answer is not None and answer.stance is Stance.ABSTAINED:
            abstained += 1
        elif answer is not None and answer.stance is Stance.CAST:
            ballots.append(_ballot(vote, answer))
    return Tally(
        panel=len(votes),
        ballots=tuple(ballots),
        abstained=abstained,
        lost=len(votes) - len(ballots) - abstained - waived,
    )


def _answer(vote: CountedVote, symbol: str) -> CheckedAnswer | None:
    if vote.state not in ANSWERED_STATES:
        return None
    return next((answer for answer in vote.answers if answer.symbol == symbol), None)


def _ballot(vote: CountedVote, answer: CheckedAnswer) -> Ballot:
    if answer.action is None or answer.confidence is None or answer.risk_level is None:
        raise ValueError(
            f"a cast answer of {vote.voter} on {answer.symbol} has no action, confidence or risk level"
        )
    return Ballot(
        voter=vote.voter,
        action=answer.action,
        weight=vote.weight,
        confidence=answer.confidence,
        risk_level=answer.risk_level,
        stop=answer.stop,
        target=answer.target,
        model=vote.model,
        family=vote.family,
    )
