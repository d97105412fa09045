"""Server-sent events of a run: vote by vote, then the decision, then the end.

An event's id says which votes have been sent, a bit for each in the order of their voters' names,
and one more bit for the end. Whoever comes back with the last id it has seen gets exactly the rest.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.http import StreamingHttpResponse

from thalas import models
from thalas.api import views_runs
from thalas.api.boards import Picture, board
from thalas.api.renderers import encoded
from thalas.errors import BadInput
from thalas.selectors.records import Record

KEEP_ALIVE_S = 15.0
KEEP_ALIVE = b": nothing new\n\n"
OPENING = b"retry: 1000\n\n"
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Event:
    """One event: *bit* is its place in the ids of this and all later ones."""

    bit: int
    name: str
    data: bytes

    def encoded(self, sent: int) -> bytes:
        """Return it as it goes out, when all of *sent* have gone out with it."""
        return b"id: %x\nevent: %s\ndata: %s\n\n" % (sent, self.name.encode(), self.data)


def respond(run_id: UUID, *, panel: int, last_event_id: str) -> StreamingHttpResponse | None:
    """Return the stream of *run_id* from *last_event_id* on; None if all of it has been sent.

    Raises:  BadInput if it is no id of such a stream.
    """
    sent = read_id(last_event_id, panel=panel)
    if sent >> panel:
        return None
    answer = StreamingHttpResponse(stream(run_id, sent=sent), content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"  # proxies would keep events back until there are many
    return answer


def read_id(text: str, *, panel: int) -> int:
    """Return what the id *text* says has been sent.

    Raises:  BadInput.
    """
    if not text:
        return 0
    is_hex = len(text) <= LONGEST_ID and all(letter in "0123456789abcdef" for letter in text)
    if not is_hex or int(text, 16) >> (panel + 1):
        raise BadInput("Last-Event-ID", text[:40], "give the id of an event of this run, or none")
    return int(text, 16)


async def stream(run_id: UUID, *, sent: int) -> AsyncIterator[bytes]:
    """Yield the events of *run_id* that are not in *sent*, as they come, until its end."""
    yield OPENING
    picture: Picture | None = None
    async with board().watch(run_id) as seat:
        while picture is None or not picture.is_over:
            newer = await seat.other_than(picture, within_s=KEEP_ALIVE_S)
            if newer is None:
                yield KEEP_ALIVE
                continue
            picture = newer
            sent, news = since(newer, sent)
            if news:
                yield news


@lru_cache(maxsize=256)
def since(picture: Picture, sent: int) -> tuple[int, bytes]:
    """Return what has gone out once the news of *picture* have, and these in one piece for all alike."""
    pieces = []
    for event in told(picture):
        if not sent >> event.bit & 1:
            sent |= 1 << event.bit
            pieces.append(event.encoded(sent))
    return sent, b"".join(pieces)


@lru_cache(maxsize=256)
def told(picture: Picture) -> tuple[Event, ...]:
    """Return the events of *picture*, made once for all who watch it."""
    return tuple(_events(picture.record))


def _events(record: Record) -> Iterator[Event]:
    """Yield what has happened in *record*: votes in their voters' order, then the end."""
    panel = len(record.votes)
    settled = sum(map(views_runs.is_settled, record.votes))
    for bit, vote in enumerate(record.votes):
        if views_runs.is_settled(vote):
            data = views_runs.tell_vote(vote) | {"settled": settled, "panel": panel}
            yield Event(bit, "vote", encoded(data))
    if record.run.state != models.Run.State.OPEN:
        yield Event(panel, *_end(record))


def _end(record: Record) -> tuple[str, bytes]:
    decision = views_runs.tell_decision(record)
    if decision is None:
        data = {"run_id": record.run.pk, "reason": record.run.close_reason}
        return "cancelled", encoded(data)
    return "decision", encoded(decision)
