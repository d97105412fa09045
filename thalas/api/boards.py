"""One look at the database for all who wait: every open run that somebody watches, ten times a second.

The board keeps the newest picture of each run and wakes those who watch it. Nothing is
queued for anybody: who is slow sees the newest picture when it looks, and who is gone costs nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID
from weakref import WeakKeyDictionary

import structlog
from django.db import close_old_connections, connections

from thalas import models
from thalas.selectors import clock, records
from thalas.selectors.records import Record, Standing
from thalas.services import closings

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.1
# While the database is away, looking ten times a second helps nobody.
TRY_AGAIN_S = 1.0
# Guards come first; a run that is still open then is closed by whoever waits for it.
PATIENCE = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """How a run stood at the last look that found it changed; *record* may be newer, never older."""

    standing: Standing
    record: Record

    @property
    def is_over(self) -> bool:
        """Say whether the run has ended."""
        return self.standing.state != models.Run.State.OPEN


@dataclass(slots=True)
class Seat:
    """One run on the board, and how many watch it."""

    picture: Picture | None = None
    watchers: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def show(self, picture: Picture) -> None:
        """Put up *picture* and wake all who wait for it."""
        self.picture = picture
        self.news.set()
        self.news = asyncio.Event()

    async def other_than(self, seen: Picture | None, *, within_s: float) -> Picture | None:
        """Return the picture once it is another than *seen*; None if that takes longer than *within_s*."""
        if self.picture is seen:
            try:
                async with asyncio.timeout(within_s):
                    await self.news.wait()
            except TimeoutError:
                return None
        return self.picture


class Board:
    """All runs that somebody watches in one event loop; it looks as long as there is one."""

    def __init__(self) -> None:
        self._seats: dict[UUID, Seat] = {}
        self._looking: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def watch(self, run_id: UUID) -> AsyncIterator[Seat]:
        """Watch *run_id*, and let it go at the end of the block."""
        seat = self._seats.setdefault(run_id, Seat())
        seat.watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_on())
        try:
            yield seat
        finally:
            seat.watchers -= 1
            if not seat.watchers:
                self._seats.pop(run_id, None)

    async def _look_on(self) -> None:
        loop = asyncio.get_running_loop()
        eyes = ThreadPoolExecutor(1, thread_name_prefix="board")
        try:
            while self._seats:
                next_at = loop.time() + LOOK_EVERY_S
                if not await self._look(loop, eyes):
                    next_at = loop.time() + TRY_AGAIN_S
                await asyncio.sleep(max(0.0, next_at - loop.time()))
        finally:
            self._looking = None
            eyes.submit(connections.close_all)
            eyes.shutdown(wait=False)

    async def _look(self, loop: asyncio.AbstractEventLoop, eyes: ThreadPoolExecutor) -> bool:
        """Look once; say whether the database could be asked."""
        known = {
            run_id: seat.picture.standing if seat.picture else None
            for run_id, seat in self._seats.items()
            if seat.picture is None or not seat.picture.is_over
        }
        if not known:
            return True
        try:
            pictures = await loop.run_in_executor(eyes, look, known)
        except Exception as error:
            # Whoever watches waits on: a guard closes what is overdue meanwhile.
            log.exception("board_cannot_look", watched=len(known), error=type(error).__name__)
            return False
        for run_id, picture in pictures.items():
            if seat := self._seats.get(run_id):
                seat.show(picture)
        return True


def look(known: Mapping[UUID, Standing | None]) -> dict[UUID, Picture]:
    """Return new pictures of those runs that do not stand as they are *known* to; close what is overdue."""
    try:
        found = records.standings(known)
        if closed := _close_overdue(found):
            found |= records.standings(closed)
        changed = {run_id: standing for run_id, standing in found.items() if standing != known[run_id]}
        read = records.records(changed)
        return {record.run.pk: Picture(changed[record.run.pk], record) for record in read}
    finally:
        close_old_connections()


def _close_overdue(found: Mapping[UUID, Standing]) -> list[UUID]:
    """Close what nobody closed in time and nobody holds; return what that was tried on."""
    now = clock.now()
    overdue = [
        run_id
        for run_id, standing in found.items()
        if standing.state == models.Run.State.OPEN and now > standing.deadline_at + PATIENCE
    ]
    if overdue:
        due = models.Run.objects.filter(pk__in=overdue, state=models.Run.State.OPEN)
        reason = "the deadline has passed and nobody closed"
        closings.close_free(due, by=closings.WAITER, reason=reason, now=now, limit=len(overdue))
    return overdue


_boards: WeakKeyDictionary[asyncio.AbstractEventLoop, Board] = WeakKeyDictionary()


def board() -> Board:
    """Return the board of the running event loop."""
    return _boards.setdefault(asyncio.get_running_loop(), Board())


async def ended(run_id: UUID, *, within_s: float) -> Record | None:
    """Wait until *run_id* has ended and return its record; None if that takes longer than *within_s*."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + within_s
    picture: Picture | None = None
    async with board().watch(run_id) as seat:
        while picture is None or not picture.is_over:
            left_s = give_up_at - loop.time()
            if left_s <= 0:
                return None
            picture = await seat.other_than(picture, within_s=left_s) or picture
        return picture.record
