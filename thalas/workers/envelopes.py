"""What lies in the broker before it is a message: anyone who reaches Redis can put anything there.

Kombu and Celery trust what they read: a `{}` in a queue ends a worker. So the bytes are
looked over first, and what none of our publishers would send goes no further.
"""

import base64
import binascii
import json
import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_BYTES = 1_000_000
MAX_DEPTH = 12
TOLD_CHARACTERS = 120

Text = Annotated[str, Field(max_length=300)]


class Refused(ValueError):
    """A message goes no further; *reason* is one word to count it under."""

    def __init__(self, reason: str, detail: object = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = repr(detail)[:TOLD_CHARACTERS]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class DeliveryInfo(_Strict):
    """Where a message was sent."""

    exchange: Text
    routing_key: Text


class Properties(_Strict):
    """What kombu needs to deliver a message."""

    delivery_tag: Text
    delivery_info: DeliveryInfo
    body_encoding: Literal["base64", "utf-8"] | None = None
    priority: int | None = None
    reply_to: Text | None = None
    correlation_id: Text | None = None


class Envelope(_Strict):
    """One message as kombu writes it to Redis."""

    body: str
    content_type: str = Field(alias="content-type")
    content_encoding: str = Field(alias="content-encoding")
    headers: dict[str, object]
    properties: Properties


def look_over(raw: bytes) -> bytes:
    """Return the body of the message in *raw*, which kombu can then be trusted to read.

    Raises:  Refused.
    """
    if len(raw) > MAX_BYTES:
        raise Refused("oversized", f"{len(raw)} bytes")
    content = parse(raw)
    try:
        envelope = Envelope.model_validate(content)
    except ValidationError as error:
        raise Refused("malformed", raw[:TOLD_CHARACTERS]) from error
    if envelope.content_type != "application/json" or envelope.content_encoding != "utf-8":
        raise Refused("content_type", f"{envelope.content_type}, {envelope.content_encoding}")
    if envelope.headers.get("compression") is not None:
        raise Refused("compressed", envelope.headers["compression"])
    return _body(envelope)


def _body(envelope: Envelope) -> bytes:
    if envelope.properties.body_encoding != "base64":
        return envelope.body.encode()
    try:
        return base64.b64decode(envelope.body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("malformed", envelope.body) from error


def parse(raw: bytes) -> object:
    """Return what the JSON in *raw* says, if every reader would agree on it.

    No NaN, no key twice, no `__type__`, which kombu makes objects of, and no text that cannot
    be written as UTF-8 again.

    Raises:  Refused.
    """
    try:
        content = _DECODER.decode(raw.decode())
        _look_through(content, depth=0)
    except (ValueError, RecursionError) as error:
        raise Refused("malformed", raw[:TOLD_CHARACTERS]) from error
    return content


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs) or "__type__" in content:
        raise ValueError("a key twice, or one that kombu would act on")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _look_through(content: object, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError("nested too deep")
    if isinstance(content, str):
        if not content.isascii():
            content.encode()  # a lone surrogate would raise later, in the worker's loop
    elif isinstance(content, dict | list):
        inner = (*content.keys(), *content.values()) if isinstance(content, dict) else content
        for value in inner:
            _look_through(value, depth=depth + 1)
    elif isinstance(content, float) and not math.isfinite(content):
        raise ValueError("infinite")
