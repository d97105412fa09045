"""Voters whose answer, price and end a test decides: doubles at the border to the providers."""

from dataclasses import dataclass
from decimal import Decimal

from providers.errors import ErrorKind, TransientVoterError, VoterError
from providers.voters.types import NOTHING, Abstention, Action, Answer, Brief, Opinion, Usage
from tests.machines.theories import CONFIDENCE, Said

MICRO = Decimal(1_000_000)
NONSENSE, ABSTAINS, TIMES_OUT, RAISES, DIES = "nonsense", "abstains", "times out", "raises", "dies"
WORDS = (*(action.value for action in Action), ABSTAINS, NONSENSE, TIMES_OUT)


class Killed(BaseException):
    """The worker is gone in mid-call: nothing in it runs any more, and nothing catches this."""


@dataclass(slots=True)
class ScriptedVoter:
    """Says *word* for *cost*, which may have been *worst*; both in millionths of a US dollar."""

    word: str = ABSTAINS
    worst: int = 0
    cost: int = 0

    def worst_case(self, brief: Brief) -> Usage:
        """Return what the script says."""
        return Usage(cost_usd=self.worst / MICRO) if self.worst else NOTHING

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Answer, fail, raise or die, as the script says."""
        if self.word == DIES:
            raise Killed
        if self.word == RAISES:
            raise ZeroDivisionError("a defect in some library")
        if self.word == TIMES_OUT:
            raise TransientVoterError(ErrorKind.TIMEOUT, "no answer in time")
        return answer(self.word, brief, cost=self.cost)


def result(word: str, brief: Brief, *, cost: int = 0) -> Answer | VoterError:
    """Return what a worker has in hand after a voter said *word*."""
    try:
        return ScriptedVoter(word, cost=cost).ask(brief, timeout_s=1.0)
    except VoterError as error:
        return error


def answer(word: str, brief: Brief, *, cost: int = 0) -> Answer:
    """Return an answer that says *word* on every symbol of *brief*."""
    usage = Usage(cost_usd=cost / MICRO)
    if word == NONSENSE:
        nowhere = Opinion(symbol="NOT/HERE", action=Action.BUY, confidence=0.5, reasoning="misread")
        return Answer(opinions=(nowhere,), usage=usage)
    if word == ABSTAINS:
        unsure = tuple(Abstention(symbol=market.symbol, reasoning="unsure") for market in brief.markets)
        return Answer(opinions=unsure, usage=usage)
    side = {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}[Action(word)]
    opinions = tuple(
        Opinion(
            symbol=market.symbol,
            action=Action(word),
            confidence=CONFIDENCE,
            reasoning=f"says {word}",
            stop=market.price * (1 - 0.05 * side) if side else None,
            target=market.price * (1 + 0.10 * side) if side else None,
        )
        for market in brief.markets
    )
    return Answer(opinions=opinions, usage=usage)


def becomes(word: str, cost: int) -> Said:
    """Return what saying *word* becomes on a vote."""
    if word in tuple(Action):
        return Said("cast", action=word, cost=cost)
    if word in (ABSTAINS, NONSENSE):
        return Said("abstained" if word == ABSTAINS else "invalid", cost=cost)
    return Said("failed", error_kind="timeout" if word == TIMES_OUT else "internal")
