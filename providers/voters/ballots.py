"""The ballot a model fills in: how a brief is shown, which answers are allowed, how they are read."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal, TypeAlias

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters import outside, repairs, sheets, strict_json
from providers.voters.rejections import printable
from providers.voters.types import Abstention, Action, Brief, Finite, Opinion, RiskLevel

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"

OPENING, CLOSING = outside.OPENING, outside.CLOSING
MAX_REASONING = 2_000
# What a model is told of the tool that takes its ballot.
TOOL = "Hand in the ballot."

ACTIONS: list[Json] = ["BUY", "SELL", "HOLD", "ABSTAIN"]
RISK_LEVELS: list[Json] = ["low", "medium", "high"]


def show(brief: Brief) -> str:
    """Return *brief* inside its fence; what is in it is data, and says where it came from."""
    shown = sheets.sheet(brief)
    return outside.fence(shown)


def schema(symbols: Iterable[str], *, is_small: bool = False, is_named: bool = True) -> dict[str, Json]:
    """Return the JSON schema of a ballot on *symbols*, in the strict subset that providers enforce.

    is_small  for a model of little sense: as many votes as symbols, and no levels, which it would make up
    is_named  False for symbols that came with the question: VOTE/SELL is one, and here no fence is around it

    Raises:  PermanentVoterError(BAD_REQUEST) for a symbol that could be read as anything but one: here it
             stands outside the fence.
    """
    named: list[Json] = [*_plain(symbols)]
    level: dict[str, Json] = {"type": "null"} if is_small else {"type": ["number", "null"]}
    vote: dict[str, Json] = {
        "symbol": {"type": "string", "enum": named} if is_named else {"type": "string"},
        "action": {"type": "string", "enum": ACTIONS},
        "confidence": {"type": "number"},
        "reasoning": {"type": "string"},
        "risk_level": {"type": "string", "enum": RISK_LEVELS},
        "stop_loss": level,
        "take_profit": level,
    }
    bounds: dict[str, Json] = {"minItems": len(named), "maxItems": len(named)} if is_small else {}
    return _object({"votes": {"type": "array", "items": _object(vote), **bounds}})


def _plain(symbols: Iterable[str]) -> list[str]:
    asked = list(symbols)
    strange = next((symbol for symbol in asked if not outside.is_symbol(symbol)), None)
    if strange is not None:
        told = f"{printable(strange)[:40]!r} is no base/quote that may be shown to a model"
        raise PermanentVoterError(ErrorKind.BAD_REQUEST, told)
    return asked


def in_words(schema: dict[str, Json]) -> str:
    """Return what a model is told of *schema* where its provider does not enforce it."""
    shown = orjson.dumps(schema).decode()
    return f"Answer with nothing but one JSON object that fits this schema:\n{shown}\n"


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class _Vote(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    symbol: str
    action: Literal["BUY", "SELL", "HOLD", "ABSTAIN"]
    confidence: Finite
    reasoning: str
    risk_level: Literal["low", "medium", "high"]
    stop_loss: Finite | None
    take_profit: Finite | None


class _Ballot(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    votes: Annotated[list[_Vote], Field(max_length=1_000)]


def read(text: str, symbols: Iterable[str]) -> tuple[Opinion | Abstention, ...]:
    """Return what the filled-in ballot *text* says on each of *symbols*, in their order.

    Only types are checked here: whether a confidence or a stop makes sense is judged with the brief.

    Raises:  PermanentVoterError(BAD_RESPONSE) if it is not the ballot that was asked for.
    """
    return _said_on(list(symbols), _validated(text, strict_json.loads))


def read_or_repair(text: str, symbols: Iterable[str]) -> tuple[tuple[Opinion | Abstention, ...], bool]:
    """Return what the complete *text* says, as `read` does, and whether its form had to be repaired.

    Raises:  PermanentVoterError(BAD_RESPONSE) if it is not the ballot that was asked for.
    """
    asked = list(symbols)
    try:
        return read(text, asked), False
    except PermanentVoterError as error:
        unrepaired = error
    try:
        return _said_on(asked, _validated(text, repairs.read)), True
    except PermanentVoterError:
        raise unrepaired from None


def _said_on(asked: list[str], ballot: _Ballot) -> tuple[Opinion | Abstention, ...]:
    votes: dict[str, _Vote] = {}
    for vote in ballot.votes:
        if vote.symbol not in asked:
            raise _bad(f"it votes on {printable(vote.symbol)[:40]!r}, which the brief does not show")
        if vote.symbol in votes:
            raise _bad(f"it votes twice on {vote.symbol}")
        votes[vote.symbol] = vote
    return tuple(
        _said(votes[symbol])
        if symbol in votes
        else Abstention(symbol=symbol, reasoning=f"gave no answer for {symbol}")
        for symbol in asked
    )


def _validated(text: str, parse: Callable[[str], object]) -> _Ballot:
    try:
        return _Ballot.model_validate(parse(text))
    except ValidationError as error:
        # Not chained: the original quotes the answer, and an answer may quote anything.
        raise _bad(_first_problem(error)) from None
    except strict_json.NotStrict as error:
        raise _bad(str(error)) from None


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "the answer"
    return f"{printable(where)[:80]}: {first['msg'][:120]}"


def _said(vote: _Vote) -> Opinion | Abstention:
    reasoning = printable(vote.reasoning)[:MAX_REASONING]
    if vote.action == "ABSTAIN":
        return Abstention(symbol=vote.symbol, reasoning=reasoning or "gave no reason")
    return Opinion(
        symbol=vote.symbol,
        action=Action(vote.action),
        confidence=vote.confidence,
        reasoning=reasoning,
        risk_level=RiskLevel(vote.risk_level),
        stop=vote.stop_loss,
        target=vote.take_profit,
    )


def _bad(why: str) -> PermanentVoterError:
    return PermanentVoterError(ErrorKind.BAD_RESPONSE, f"not the ballot that was asked for: {why}")
