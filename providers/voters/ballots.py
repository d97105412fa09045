"""The ballot a model fills in: how a brief is shown, which answers are allowed, how they are read."""

import json
from collections.abc import Iterable
from typing import Annotated, Literal, TypeAlias

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters.rejections import printable
from providers.voters.types import Abstention, Action, Brief, Finite, Opinion, RiskLevel, SymbolBrief

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"

OPENING, CLOSING = "<brief>", "</brief>"
MAX_REASONING = 2_000

ACTIONS: list[Json] = ["BUY", "SELL", "HOLD", "ABSTAIN"]
RISK_LEVELS: list[Json] = ["low", "medium", "high"]


def show(brief: Brief) -> str:
    """Return *brief* as compact JSON inside its fence.

    Angle brackets are escaped in the JSON, so that no text from outside can close the fence.
    """
    shown = {
        "timeframe": brief.timeframe,
        "as_of": brief.as_of,
        "markets": [_market(market) for market in brief.markets],
    }
    data = orjson.dumps(shown, option=orjson.OPT_UTC_Z).decode()
    fenced = data.replace("<", "\\u003c").replace(">", "\\u003e")
    return f"{OPENING}\n{fenced}\n{CLOSING}"


def _market(market: SymbolBrief) -> dict[str, object]:
    if market.is_given:
        return {
            "symbol": market.symbol,
            "price": market.price,
            "indicators": market.indicators,
            "context": market.context,
        }
    candles = [(c.opened_at, c.open, c.high, c.low, c.close, c.volume) for c in market.candles]
    return {
        "symbol": market.symbol,
        "price": market.price,
        "closed_at": market.closed_at,
        "candles": candles,
        "indicators": market.indicators,
        "faults": market.faults,
    }


def schema(symbols: Iterable[str]) -> dict[str, Json]:
    """Return the JSON schema of a ballot on *symbols*, in the strict subset that providers enforce."""
    vote: dict[str, Json] = {
        "symbol": {"type": "string", "enum": list(symbols)},
        "action": {"type": "string", "enum": ACTIONS},
        "confidence": {"type": "number"},
        "reasoning": {"type": "string"},
        "risk_level": {"type": "string", "enum": RISK_LEVELS},
        "stop_loss": {"type": ["number", "null"]},
        "take_profit": {"type": ["number", "null"]},
    }
    return _object({"votes": {"type": "array", "items": _object(vote)}})


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
    asked = list(symbols)
    votes: dict[str, _Vote] = {}
    for vote in _parse(text).votes:
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


def _parse(text: str) -> _Ballot:
    try:
        # orjson knows no NaN and no infinity, and bounds the depth; it takes the last of two equal
        # keys, so the standard parser then looks for those.
        found: object = orjson.loads(text)
        json.loads(text, object_pairs_hook=_without_duplicates, parse_int=str, parse_float=str)
        return _Ballot.model_validate(found)
    except ValidationError as error:
        # Not chained: the original quotes the answer, and an answer may quote anything.
        raise _bad(_first_problem(error)) from None
    except _DuplicateKeyError as error:
        raise _bad(f"it says {printable(str(error))[:40]!r} twice in one place") from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None
    except ValueError:
        raise _bad("it is not JSON") from None


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


class _DuplicateKeyError(Exception):
    """An object that says two things about one name."""


def _without_duplicates(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise _DuplicateKeyError(name)
        seen.add(name)


def _bad(why: str) -> PermanentVoterError:
    return PermanentVoterError(ErrorKind.BAD_RESPONSE, f"not the ballot that was asked for: {why}")
