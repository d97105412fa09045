"""The scans that repeat: when they come due, what became of it, and changing them."""

from collections.abc import Iterator
from typing import Literal, TypedDict, Unpack

from thalas.client.holdings import Schedule, ScheduleList, Slot, SlotPage
from thalas.client.rooms import Room, at
from thalas.client.wires import Call


class Terms(TypedDict, total=False):
    """What the house has a default for; *every_s* and *crontab* are for the cadences of these names."""

    cadence: Literal["candle", "interval", "crontab"]
    every_s: int
    crontab: str
    timezone: str
    deadline_s: float
    missed: Literal["latest", "skip"]
    overlap: Literal["skip", "allow"]
    may_close_early: bool
    is_enabled: bool


class Changes(Terms, total=False):
    """What of a schedule can be changed."""

    why: str
    watchlist: str
    timeframe: str


class Schedules(Room):
    """The scans that repeat."""

    def all(self) -> tuple[Schedule, ...]:
        """Return every schedule with its next due times."""
        return self._get(ScheduleList, "/schedules").schedules

    def read(self, name: str) -> Schedule:
        """Return the schedule *name*."""
        return self._get(Schedule, at("schedules", name))

    def create(
        self,
        name: str,
        *,
        why: str,
        watchlist: str,
        timeframe: str,
        idempotency_key: str | None = None,
        **others: Unpack[Terms],
    ) -> Schedule:
        """Make a schedule that comes due from now on; sent again under the same key it is made once."""
        body = {"name": name, "why": why, "watchlist": watchlist, "timeframe": timeframe, **others}
        return self._create(Schedule, "/schedules", body, idempotency_key)

    def edit(self, name: str, **changes: Unpack[Changes]) -> Schedule:
        """Change *name*; what is left out stays."""
        return self._send(Schedule, "PATCH", at("schedules", name), {**changes})

    def delete(self, name: str) -> None:
        """Delete *name* with its slots; its runs stay."""
        self._wire.send(Call("DELETE", at("schedules", name)))

    def pause(self, name: str) -> Schedule:
        """Let nothing of *name* come due until it is resumed."""
        return self._send(Schedule, "POST", at("schedules", name, "pause"))

    def resume(self, name: str) -> Schedule:
        """Let *name* come due again."""
        return self._send(Schedule, "POST", at("schedules", name, "resume"))

    def slots(self, name: str, *, page: int = 50) -> Iterator[Slot]:
        """Yield what became of the times at which *name* came due, the newest first, page by page."""
        params = {"limit": str(page)}
        while True:
            slots = self._get(SlotPage, at("schedules", name, "slots"), params)
            yield from slots.slots
            if slots.older is None:
                return
            params["before"] = slots.older.isoformat()
