"""Does a vote make sense beside its brief? What does not is kept as invalid, with the reason."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Literal

from pydantic import ConfigDict

from providers.voters.types import (
    Abstention,
    Action,
    Answer,
    Brief,
    Finite,
    Frozen,
    Opinion,
    RiskLevel,
    SymbolBrief,
)

REASONING_LIMIT = 2_000
# No market has such prices, and no column holds them: one vote must not keep its run from being filed.
LEVEL_LIMIT = 1e13


class Stance(StrEnum):
    """What became of a voter's answer on one symbol."""

    CAST = "cast"
    ABSTAINED = "abstained"
    INVALID = "invalid"


class CheckedAnswer(Frozen):
    """A voter's answer on one symbol after the check; this is what a vote stores.

    problem  why it is invalid, naming field, value and what would be right; empty otherwise
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    symbol: str
    stance: Stance
    reasoning: str
    action: Action | None = None
    confidence: Finite | None = None
    risk_level: RiskLevel | None = None
    stop: Finite | None = None
    target: Finite | None = None
    problem: str = ""


def check(answer: Answer, brief: Brief) -> tuple[CheckedAnswer, ...]:
    """Return one checked answer for each symbol of *brief*, in its order.

    A symbol that the voter left out is an abstention; one that the brief does not
    know, or that stands twice, makes every answer of this voter invalid: it read
    something else than the brief.
    """
    by_symbol = {market.symbol: market for market in brief.markets}
    strange = _strangers([opinion.symbol for opinion in answer.opinions], by_symbol)
    given = {opinion.symbol: opinion for opinion in answer.opinions}
    if strange:
        return tuple(_invalid(market.symbol, given.get(market.symbol), strange) for market in brief.markets)
    return tuple(_checked(given.get(market.symbol), market) for market in brief.markets)


def storable(text: str) -> str:
    """Return *text* as any database can hold it and any terminal can show it: without control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def overall(answers: Sequence[CheckedAnswer]) -> Stance:
    """Return what the vote as a whole is: cast if anything was, else invalid if anything was."""
    stances = {answer.stance for answer in answers}
    return next((stance for stance in (Stance.CAST, Stance.INVALID) if stance in stances), Stance.ABSTAINED)


def _strangers(named: Sequence[str], known: dict[str, SymbolBrief]) -> str:
    unknown = sorted({symbol for symbol in named if symbol not in known})
    twice = sorted({symbol for symbol in named if named.count(symbol) > 1})
    if unknown:
        return f"symbol={unknown[0]!r} is not in the brief; it holds {', '.join(known)}"
    return f"symbol={twice[0]!r} is answered more than once" if twice else ""


def _checked(opinion: Opinion | Abstention | None, market: SymbolBrief) -> CheckedAnswer:
    if opinion is None:
        return CheckedAnswer(symbol=market.symbol, stance=Stance.ABSTAINED, reasoning="gave no answer")
    reasoning = _reasoning(opinion)
    if isinstance(opinion, Abstention):
        return CheckedAnswer(symbol=market.symbol, stance=Stance.ABSTAINED, reasoning=reasoning)
    problem = _problem(opinion, market.price)
    if problem:
        return _invalid(market.symbol, opinion, problem)
    return CheckedAnswer(
        symbol=market.symbol,
        stance=Stance.CAST,
        reasoning=reasoning,
        action=opinion.action,
        confidence=opinion.confidence,
        risk_level=opinion.risk_level,
        stop=opinion.stop,
        target=opinion.target,
    )


def _invalid(symbol: str, opinion: Opinion | Abstention | None, problem: str) -> CheckedAnswer:
    reasoning = _reasoning(opinion) if opinion else ""
    return CheckedAnswer(symbol=symbol, stance=Stance.INVALID, reasoning=reasoning, problem=problem[:400])


def _reasoning(opinion: Opinion | Abstention) -> str:
    return storable(opinion.reasoning[:REASONING_LIMIT])


def _problem(opinion: Opinion, price: float) -> str:
    if not 0 <= opinion.confidence <= 1:
        return f"confidence={opinion.confidence:g} is outside 0..1"
    for name, level in (("stop", opinion.stop), ("target", opinion.target)):
        if level is not None and not 0 < level < LEVEL_LIMIT:
            return f"{name}={level:g} is not a price; it must be above 0 and below {LEVEL_LIMIT:g}"
    if opinion.action is Action.BUY:
        return _side(opinion.stop, opinion.target, price, stop_below=True)
    if opinion.action is Action.SELL:
        return _side(opinion.stop, opinion.target, price, stop_below=False)
    return ""


def _side(stop: float | None, target: float | None, price: float, *, stop_below: bool) -> str:
    side: Literal["BUY", "SELL"] = "BUY" if stop_below else "SELL"
    below, above = (stop, target) if stop_below else (target, stop)
    names = ("stop", "target") if stop_below else ("target", "stop")
    if below is not None and below >= price:
        return f"{names[0]}={below:g} of a {side} must be below the price {price:g}"
    if above is not None and above <= price:
        return f"{names[1]}={above:g} of a {side} must be above the price {price:g}"
    return ""
