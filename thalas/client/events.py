"""Server-sent events, taken up again where a connection broke off: none is lost and none comes twice."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeAlias
from uuid import UUID

from pydantic import ValidationError

from thalas.client.answers import Answer, Decision, Vote
from thalas.client.errors import Broken
from thalas.client.wires import Call, Interrupted, Patience, Setback, Wire

RETRY_S = 1.0
LONGEST_LINE = 8_000_000


class Voted(Answer):
    """A vote is in: *settled* of *panel* are."""

    id: str
    vote: Vote
    settled: int
    panel: int


class Decided(Answer):
    """The run is decided, and over."""

    id: str
    decision: Decision


class Cancelled(Answer):
    """The run is cancelled, and over."""

    id: str
    run_id: UUID
    reason: str


Event: TypeAlias = Voted | Decided | Cancelled


class _Progress(Answer):
    settled: int
    panel: int


class _Cancelled(Answer):
    run_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Message:
    """One event as it came; *retry_s* is how long the house wants whoever is cut off to wait."""

    id: str
    name: str
    data: str
    retry_s: float


def follow(wire: Wire, path: str, *, last_event_id: str) -> Iterator[Event]:
    """Yield the events at *path* after *last_event_id* until the run is over.

    Raises:  ApiError; Unavailable if nothing could be read for as long as the patience of *wire* lasts.
    """
    call, last, retry_s, losses = Call("GET", path), last_event_id, RETRY_S, Losses(wire.patience)
    while True:
        try:
            with wire.stream(call, last_event_id=last) as answer:
                if answer.status_code == HTTPStatus.NO_CONTENT:
                    return
                for message in messages(answer.iter_bytes()):
                    last, retry_s = message.id or last, message.retry_s
                    losses.make_good()
                    event = read(message)
                    if event is not None:
                        yield event
                    if isinstance(event, Decided | Cancelled):
                        return
            setback = Setback(Broken("The stream ended before the run did"), may_repeat=True)
        except Interrupted as error:
            setback = error.setback
        losses.bear(setback, retry_s)


class Losses:
    """Connections lost since an event has come."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._count = 0
        self._since = 0.0

    def make_good(self) -> None:
        """Note that an event has come."""
        self._count = 0

    def bear(self, setback: Setback, retry_s: float) -> None:
        """Wait before the next try.

        Raises:  the ApiError of *setback* once trying again cannot help or has gone on for too long.
        """
        now = self._patience.clock()
        if self._count == 0:
            self._since = now
        self._count += 1
        backoff_s = retry_s if self._count == 1 else max(retry_s, self._patience.backoff_s(self._count))
        wait_s = backoff_s if setback.wait_s is None else setback.wait_s
        if not setback.may_repeat or now + wait_s > self._since + self._patience.longest_s:
            raise setback.error
        self._patience.sleep(wait_s)


def read(message: Message) -> Event | None:
    """Return what *message* says; None for a kind of event that only newer clients know.

    Raises:  Broken.
    """
    try:
        match message.name:
            case "vote":
                vote = Vote.model_validate_json(message.data)
                progress = _Progress.model_validate_json(message.data)
                return Voted(id=message.id, vote=vote, settled=progress.settled, panel=progress.panel)
            case "decision":
                return Decided(id=message.id, decision=Decision.model_validate_json(message.data))
            case "cancelled":
                told = _Cancelled.model_validate_json(message.data)
                return Cancelled(id=message.id, run_id=told.run_id, reason=told.reason)
    except ValidationError:
        raise Broken(f"An event {message.name!r} could not be read") from None
    return None


def messages(chunks: Iterable[bytes]) -> Iterator[Message]:
    """Yield the events in *chunks*; one that breaks off before its empty line has not come.

    Source:  HTML Living Standard, 9.2.6 Interpreting an event stream.
    """
    event_id, retry_s, name, data = "", RETRY_S, "", list[str]()
    for line in lines(chunks):
        if not line:
            if data:
                yield Message(event_id, name or "message", "\n".join(data), retry_s)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            event_id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            retry_s = int(value) / 1000


def lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the whole lines in *chunks*, which end with LF, CR or both and with nothing else.

    `str.splitlines` would also break at signs such as U+2028, which a voter's reasoning may hold.
    """
    rest, after_cr = b"", False
    for came in filter(None, chunks):
        chunk = came.removeprefix(b"\n") if after_cr else came
        after_cr = chunk.endswith(b"\r")
        *whole, rest = (rest + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in whole:
            yield line.decode("utf-8", errors="replace")
        if len(rest) > LONGEST_LINE:
            raise Broken(f"A line of the stream is longer than {LONGEST_LINE} bytes")
