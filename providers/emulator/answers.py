"""What the emulator answers: the shape of real Chat Completions answers, with made-up votes in them."""

import hashlib
import random
import time
from dataclasses import dataclass

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from providers.emulator import personas
from providers.emulator.scripts import Rule

MAX_LATENCY_S = 2.0
LATENCY_SPREAD = 0.5
BYTES_PER_TOKEN = 4
NO_BRIEF = "Emulated answer: the message holds no brief."

# The texts that OpenAI sends with these; a script may say otherwise.
ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: ("invalid_request_error", None, "We could not parse the JSON body of your request."),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    404: (
        "invalid_request_error",
        "model_not_found",
        "The model does not exist or you do not have access to it.",
    ),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}


class Message(BaseModel):
    """One message of a request; content may also come in parts, which hold no brief."""

    model_config = ConfigDict(frozen=True)

    role: str
    content: JsonValue = None


class Request(BaseModel):
    """What is read of a request."""

    model_config = ConfigDict(frozen=True)

    model: str
    messages: list[Message] = Field(min_length=1)

    @property
    def asked(self) -> str:
        """The last message of the user."""
        texts = [message.content for message in self.messages if message.role == "user"]
        return texts[-1] if texts and isinstance(texts[-1], str) else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to send after *latency_s* seconds."""

    status: int
    body: bytes
    latency_s: float


def reply(request: Request, rule: Rule, *, call_id: str, sent_bytes: int, median_s: float) -> Reply:
    """Return what *rule* says, and what it leaves out as *request*'s model and brief determine it."""
    digest = hashlib.sha256(f"{request.model}\n{request.asked}".encode()).digest()
    dice = random.Random(digest)  # noqa: S311 - the same request gets the same answer
    # Log-normal, as the latencies of real servers nearly are.
    latency_s = min(MAX_LATENCY_S, median_s * dice.lognormvariate(0.0, LATENCY_SPREAD))
    if rule.latency_s is not None:
        latency_s = rule.latency_s
    if rule.body is not None:
        body = rule.body.encode() if isinstance(rule.body, str) else orjson.dumps(rule.body)
    elif rule.status != 200:
        body = error(rule.status)
    else:
        text = _content(request, rule, dice)
        body = _completion(request.model, text, rule, call_id=call_id, sent_bytes=sent_bytes)
    return Reply(rule.status, body, latency_s)


def error(status: int, message: str | None = None) -> bytes:
    """Return an error body as OpenAI writes it."""
    kind, code, text = ERRORS.get(status, ("invalid_request_error", None, "The request failed."))
    told: dict[str, JsonValue] = {"message": message or text, "type": kind, "param": None, "code": code}
    return orjson.dumps({"error": told})


def models() -> bytes:
    """Return the list of models, one for each persona."""
    listed = [
        {"id": f"emulated-{name}", "object": "model", "created": 1_700_000_000, "owned_by": "emulator"}
        for name in personas.PERSONAS
    ]
    return orjson.dumps({"object": "list", "data": listed})


def _content(request: Request, rule: Rule, dice: random.Random) -> str:
    if rule.content is not None:
        return rule.content
    shown = personas.markets(request.asked)
    if shown is None:
        return NO_BRIEF
    who = personas.persona(request.model)
    votes = [personas.vote(who, market, dice, action=rule.action) for market in shown]
    if rule.confidence is not None:
        votes = [{**vote, "confidence": rule.confidence} for vote in votes]
    return orjson.dumps({"votes": votes}).decode()


def _completion(model: str, content: str, rule: Rule, *, call_id: str, sent_bytes: int) -> bytes:
    message: dict[str, JsonValue] = {
        "role": "assistant",
        "content": None if rule.refusal else content,
        "refusal": rule.refusal,
        "annotations": [],
    }
    choice: dict[str, JsonValue] = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": rule.finish_reason,
    }
    return orjson.dumps(
        {
            "id": f"chatcmpl-emulated{call_id}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [choice],
            "usage": _usage(sent_bytes, len((rule.refusal or content).encode())),
            "service_tier": "default",
            "system_fingerprint": None,
        }
    )


def _usage(sent_bytes: int, received_bytes: int) -> dict[str, JsonValue]:
    sent, received = -(-sent_bytes // BYTES_PER_TOKEN), -(-received_bytes // BYTES_PER_TOKEN)
    return {
        "prompt_tokens": sent,
        "completion_tokens": received,
        "total_tokens": sent + received,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
