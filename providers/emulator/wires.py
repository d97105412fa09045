"""What the emulator's wires have in common: a question is read, something is said, an answer is built."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict, JsonValue

Body = dict[str, JsonValue]


class End(StrEnum):
    """How an answer ends; each wire has its own word for each."""

    STOP = "stop"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    FILTERED = "filtered"


class Part(BaseModel):
    """A piece of a request: types are checked, and fields that are not read are let be."""

    model_config = ConfigDict(frozen=True)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, whatever its wire.

    message  the last text of the user
    tool     that has to be called with the answer, None to answer with text
    is_named whether the request leaves no other tool to choose
    raw      the request itself, of which some wires repeat parts
    """

    model: str
    message: str
    tool: str | None
    is_named: bool
    raw: Body


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an answer counts; *cached* of those sent and *reasoning* of those received."""

    sent: int
    received: int
    cached: int = 0
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Said:
    """What is said to a question.

    refusal  in words, where the wire has words for it
    ended    the wire's own word for the end, None for the usual one of *end*
    tokens   None leaves the count out of the answer
    """

    id: str
    text: str
    end: End
    refusal: str
    ended: str | None
    tokens: Tokens | None


class Wire(Protocol):
    """One wire format of the emulator."""

    def asked(self, raw: Body, model: str | None) -> Asked:
        """Return what *raw* asks; *model* is the one that the address names, if it does.

        Raises:  ValidationError if it is no request of this wire.
        """
        ...

    def answer(self, asked: Asked, said: Said) -> Body:
        """Return the 200 answer that says *said*."""
        ...

    def error(self, status: int, message: str | None = None, *, retry_s: float | None = None) -> Body:
        """Return the body that comes with *status*; *retry_s* where the wire tells a wait in its body."""
        ...


def spoken(content: JsonValue) -> list[str]:
    """Return the texts of a message's content, which comes as text or in parts."""
    if isinstance(content, str):
        return [content]
    if not isinstance(content, list):
        return []
    texts = [part.get("text") for part in content if isinstance(part, Mapping)]
    return [text for text in texts if isinstance(text, str)]


def texts(value: JsonValue) -> Iterator[str]:
    """Yield every text in *value*, a request or a part of it: names of fields too, in their order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def first_name(tools: JsonValue, *steps: str) -> str | None:
    """Return the name of the first of *tools*, found at *steps* in it."""
    found = tools[0] if isinstance(tools, list) and tools else None
    for step in (*steps, "name"):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else None


def half(text: str) -> str:
    """Return what is left of *text* when the tokens run out."""
    return text[: len(text) // 2]
