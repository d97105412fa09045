"""What the emulator answers: made-up votes, said as the request's wire says such things."""

import hashlib
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import orjson

from providers.emulator import damages, latencies, obedience, personas, wires
from providers.emulator.latencies import Latency
from providers.emulator.scripts import Rule
from providers.emulator.wires import Asked, End, Said, Tokens, Wire

BYTES_PER_TOKEN = 4
NO_BRIEF = "Emulated answer: the message holds no brief."
REFUSAL = "I'm very sorry, but I can't assist with that request."


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to send after *latency_s* seconds."""

    status: int
    body: bytes
    headers: dict[str, str]
    latency_s: float


def reply(wire: Wire, asked: Asked, rule: Rule, *, call_id: str, sent_bytes: int, median_s: float) -> Reply:
    """Return what *rule* says, and what it leaves out as *asked*'s model and brief determine it."""
    digest = hashlib.sha256(f"{asked.model}\n{asked.message}".encode()).digest()
    dice = random.Random(digest)  # noqa: S311 - the same request gets the same answer
    latency_s = latencies.log_normal_s(dice, median_s, latencies.SPREAD, longest_s=latencies.LONGEST_S)
    if isinstance(rule.latency_s, Latency):
        latency_s = latencies.draw_s(rule.latency_s, call_id)
    elif rule.latency_s is not None:
        latency_s = rule.latency_s
    if rule.body is not None:
        body = rule.body.encode() if isinstance(rule.body, str) else orjson.dumps(rule.body)
    elif rule.status != 200:
        body = orjson.dumps(wire.error(rule.status, retry_s=_told_s(rule)))
    else:
        said = _said(asked, rule, _content(asked, rule, dice), call_id=call_id, sent_bytes=sent_bytes)
        body = orjson.dumps(wire.answer(asked, said))
    return Reply(rule.status, damages.done(rule.damage, body), _headers(rule), latency_s)


def models() -> bytes:
    """Return the list of models, one for each persona."""
    listed = [
        {"id": f"emulated-{name}", "object": "model", "created": 1_700_000_000, "owned_by": "emulator"}
        for name in personas.PERSONAS
    ]
    return orjson.dumps({"object": "list", "data": listed})


def _content(asked: Asked, rule: Rule, dice: random.Random) -> str:
    if rule.content is not None:
        return rule.content
    shown = personas.markets(asked.message)
    if shown is None:
        return NO_BRIEF
    who = personas.persona(asked.model)
    obeyed = obedience.obeyed(wires.texts(asked.raw), knows_fence=who.knows_fence) if who.obeys else None
    votes = [personas.vote(who, market, dice, action=rule.action or obeyed) for market in shown]
    sure = rule.confidence if rule.confidence is not None else 1.0 if obeyed else None
    if sure is not None:
        votes = [{**vote, "confidence": sure} for vote in votes]
    return orjson.dumps({"votes": votes}).decode()


def _said(asked: Asked, rule: Rule, content: str, *, call_id: str, sent_bytes: int) -> Said:
    end = End.REFUSED if rule.refusal is not None else rule.end
    text = wires.half(content) if end is End.TRUNCATED else content
    received = rule.refusal or REFUSAL if end is End.REFUSED else text
    tokens = None
    if rule.usage is not None:
        claimed = rule.usage
        tokens = Tokens(
            _tokens(sent_bytes) if claimed.sent is None else claimed.sent,
            _tokens(len(received.encode())) if claimed.received is None else claimed.received,
            claimed.cached,
            claimed.reasoning,
        )
    return Said(call_id, text, end, rule.refusal or REFUSAL, rule.finish_reason, tokens)


def _tokens(size: int) -> int:
    return -(-size // BYTES_PER_TOKEN)


def _told_s(rule: Rule) -> float | None:
    asked = rule.retry_after
    return asked.seconds if asked is not None and asked.told == "body" else None


def _headers(rule: Rule) -> dict[str, str]:
    asked = rule.retry_after
    if asked is None or asked.told == "body":
        return rule.headers
    told = f"{asked.seconds:g}"
    if asked.told == "date":
        told = format_datetime(datetime.now(UTC) + timedelta(seconds=asked.seconds), usegmt=True)
    return {"retry-after": told, **rule.headers}
