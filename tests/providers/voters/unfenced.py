"""Requests as they would be without the fence: what a voter would send if outside text went in as it came."""

import orjson

from providers.voters import ballots, prompts, sheets, vendors
from providers.voters.registry import WIRES
from providers.voters.types import Brief
from providers.voters.wires import Question


def request(wire: str, brief: Brief, *, model: str, has_lines: bool = False) -> bytes:
    """Return the body that asks *model* about *brief* without the fence.

    has_lines  leaves the fence's lines, between which all text stands as it came
    """
    shown = raw(brief) if has_lines else orjson.dumps(sheets.sheet(brief)).decode()
    question = Question(
        model=model,
        instructions=prompts.load().text,
        brief=f"{ballots.OPENING}\n{shown}\n{ballots.CLOSING}" if has_lines else shown,
        schema=ballots.schema(market.symbol for market in brief.markets),
        enforced=vendors.WIRES[wire].enforced,
    )
    body = WIRES[wire].request(question)
    longest = vendors.WIRES[wire].max_tokens  # which one wire insists on
    return orjson.dumps(body | ({longest: 1_000} if longest and "." not in longest else {}))


def raw(brief: Brief) -> str:
    """Return the numbers of *brief* as JSON, and each of its texts on lines of its own, as it came."""
    numbers = brief.model_copy(
        update={"markets": tuple(market.model_copy(update=NOTHING) for market in brief.markets)}
    )
    texts = [
        text
        for market in brief.markets
        for text in (*market.indicators, *market.context, *market.context.values(), *market.faults)
    ]
    texts += [market.source for market in brief.markets]
    return "\n".join([orjson.dumps(sheets.sheet(numbers)).decode(), *texts])


NOTHING: dict[str, object] = {"context": {}, "faults": (), "source": "test"}
