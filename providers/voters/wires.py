"""What the wires of models have in common: a question goes in, a reading comes out, a complete one counts.

A wire says how a request is built and how an answer is read, and nothing else: asking, waiting, paying
and judging are the same for all (`model_voters`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn, Protocol

from pydantic import BaseModel, ConfigDict, ValidationError

from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError
from providers.voters import rejections
from providers.voters.ballots import Json
from providers.voters.prices import Counters
from providers.voters.vendors import Enforced

# What the schema, or the tool that takes it, is called where it needs a name.
BALLOT = "ballot"


class Read(BaseModel):
    """A part of an answer: types are not converted, and fields that are not read are let be."""

    model_config = ConfigDict(frozen=True, strict=True)


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is asked, before any wire.

    schema    the JSON schema of the ballot, and how far the provider enforces it
    """

    model: str
    instructions: str
    brief: str
    schema: dict[str, Json]
    enforced: Enforced


@dataclass(frozen=True, slots=True)
class Ends:
    """A wire's own words for how an answer ended.

    called    ended by calling the tool that takes the ballot
    broken    the provider gave up in the middle, and may do better next time
    """

    complete: frozenset[str]
    called: frozenset[str]
    cut_short: frozenset[str]
    filtered: frozenset[str]
    broken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a 200 answer says, before anything is judged.

    model      that says it answered
    ended      the provider's own word, None if it gives none
    refusal    the model's or the filter's own words, None if there are none
    arguments  JSON that the ballot's tool was called with, None unless it was called exactly once
    """

    model: str | None
    ended: str | None
    text: str
    refusal: str | None = None
    arguments: str | None = None


class Wire(Protocol):
    """One wire format; *title* is what people call it."""

    title: str
    ends: Ends
    counters: Counters

    def path(self, base_url: str, model: str) -> str:
        """Return where to ask, below *base_url*."""
        ...

    def headers(self, key: str | None) -> Mapping[str, str]:
        """Return what is sent beside the usual headers: the key, and nothing secret but the key."""
        ...

    def request(self, question: Question) -> dict[str, object]:
        """Return the body that asks *question*, without the settings that vendors name differently."""
        ...

    def read(self, raw: dict[str, object]) -> Reading:
        """Return what the 200 answer *raw* says.

        Raises:  ValidationError if it is no answer of this wire.
        """
        ...


def bearer(key: str | None) -> Mapping[str, str]:
    """Return the header that most vendors want their key in."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def read(wire: Wire, raw: dict[str, object]) -> Reading:
    """Return what is needed of the answer *raw*.

    Raises:  PermanentVoterError(BAD_RESPONSE) if it is no answer of *wire*.
    """
    try:
        return wire.read(raw)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])
        # Not chained: the original quotes the answer, and an answer may quote anything.
        told = rejections.printable(where)[:80] or "the answer"
        raise bad_response(wire, f"{told} is missing or of another type") from None


def ballot_text(wire: Wire, reading: Reading, enforced: Enforced) -> str:
    """Return the complete text of the ballot; how the answer ended is judged before anything is parsed.

    Raises:  PermanentVoterError: REFUSED, TRUNCATED, or BAD_RESPONSE for any other end than a complete
             one; TransientVoterError(OVERLOADED) if the provider gave up in the middle.
    """
    is_tool = enforced is Enforced.TOOL
    wanted = wire.ends.complete | wire.ends.called if is_tool else wire.ends.complete
    if reading.refusal or reading.ended not in wanted:
        _refuse(wire, reading)
    text = reading.arguments if is_tool else reading.text
    if not text:
        raise bad_response(wire, "the tool was not called exactly once" if is_tool else "it is empty")
    return text


def _refuse(wire: Wire, reading: Reading) -> NoReturn:
    """Say why an answer that did not end well is no vote."""
    if reading.refusal:
        why = rejections.quote(reading.refusal, key=None)
        raise PermanentVoterError(ErrorKind.REFUSED, f"the model refused: {why}")
    if reading.ended in wire.ends.filtered:
        raise PermanentVoterError(ErrorKind.REFUSED, "the provider's content filter stopped the answer")
    if reading.ended in wire.ends.cut_short:
        raise PermanentVoterError(ErrorKind.TRUNCATED, "the answer was cut off at the token limit")
    if reading.ended in wire.ends.broken:
        raise TransientVoterError(ErrorKind.OVERLOADED, "the provider gave up in the middle of the answer")
    ended = rejections.quote(str(reading.ended), key=None)
    raise bad_response(wire, f"it ended with {ended!r} instead of {min(wire.ends.complete)!r}")


def bad_response(wire: Wire, why: str) -> PermanentVoterError:
    """Return the error of a 200 answer that cannot be used."""
    return PermanentVoterError(ErrorKind.BAD_RESPONSE, f"no usable {wire.title} answer: {why}")
