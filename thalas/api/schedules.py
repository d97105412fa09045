"""Schedules over HTTP: when they come due next, what became of the times before, and changing them."""

from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Query, Schema, Status
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field

from thalas import models
from thalas.api.doors import Door, caller
from thalas.api.requests import RepeatKey, repeatable
from thalas.api.schemas_runs import MethodName
from thalas.api.watchlists import Name
from thalas.errors import BadInput
from thalas.selectors import clock, timetables
from thalas.services import creations
from thalas.services import timetables as changing
from thalas.services.councils import MAX_DEADLINE_S

router = Door(tags=["schedules"])
Cadence = Literal["candle", "interval", "crontab"]
Missed = Literal["latest", "skip"]
Overlap = Literal["skip", "allow"]
Seconds = Annotated[float, Field(ge=1, le=MAX_DEADLINE_S, allow_inf_nan=False)]
Every = Annotated[int, Field(ge=1, le=31_536_000, description="seconds, for cadence interval")]
Text = Annotated[str, Field(max_length=60)]


def _written_out(value: object) -> object:
    # A number would be read as seconds since 1970, which the document does not offer.
    if isinstance(value, str) and "-" not in value[1:]:
        raise ValueError("give a time such as 2026-01-31T12:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class ScheduleFields(Schema):
    """What is to change; what is left out stays, or keeps its default."""

    model_config = ConfigDict(strict=True, extra="forbid")

    why: Annotated[str, Field(max_length=200)] = Field(default_factory=str)
    watchlist: Name = Field(default_factory=str)
    timeframe: Annotated[str, Field(max_length=4, examples=["1d"])] = Field(default_factory=str)
    cadence: Cadence = Field(default_factory=lambda: "candle")
    every_s: Every = Field(default_factory=int)
    crontab: Annotated[Text, Field(examples=["0 8 * * 1-5"])] = Field(default_factory=str)
    timezone: Annotated[Text, Field(examples=["Europe/Berlin"])] = Field(default_factory=str)
    deadline_s: Seconds = Field(default_factory=float)
    missed: Missed = Field(default_factory=lambda: "latest")
    overlap: Overlap = Field(default_factory=lambda: "skip")
    may_close_early: bool = Field(default_factory=bool)
    method: MethodName = Field(default_factory=str)
    is_enabled: bool = Field(default_factory=bool)

    def given(self) -> dict[str, object]:
        """Return the fields that were sent, but the name."""
        return self.model_dump(exclude_unset=True, exclude={"name"})


class ScheduleIn(ScheduleFields):
    """A schedule to be made."""

    name: Name
    why: Annotated[str, Field(min_length=1, max_length=200)]
    watchlist: Name
    timeframe: Annotated[str, Field(max_length=4, examples=["1d"])]


class ScheduleOut(Schema):
    """A scan that repeats; *next_due* is empty while it is paused."""

    name: str
    why: str
    watchlist: str
    timeframe: str
    cadence: Cadence
    every_s: int | None
    crontab: str
    timezone: str
    deadline_s: float
    missed: Missed
    overlap: Overlap
    may_close_early: bool
    method: str
    is_enabled: bool
    is_declared: bool = Field(description="declared by the code, which keeps its cadence and reason")
    starts_at: datetime
    ticked_at: datetime | None
    next_due: list[datetime]


class SchedulesOut(Schema):
    """All schedules."""

    schedules: list[ScheduleOut]


class SlotOut(Schema):
    """One moment at which a schedule came due, and what became of it."""

    due_at: datetime
    market_at: datetime | None
    lap: int
    state: Literal["fired", "missed", "skipped", "failed"]
    reason: str


class SlotsOut(Schema):
    """Slots, the newest first; *older* goes into `before`."""

    slots: list[SlotOut]
    older: datetime | None


@router.get("", scope="schedules:read", response=SchedulesOut)
def list_schedules(request: HttpRequest) -> dict[str, object]:
    """List all schedules with their next due times."""
    now = clock.now()
    return {"schedules": [tell(row, now=now) for row in models.Schedule.objects.order_by("pk")]}


@router.post("", scope="schedules:write", response={201: ScheduleOut})
def create_schedule(
    request: HttpRequest, body: ScheduleIn, idempotency_key: RepeatKey
) -> Status[dict[str, object]]:
    """Make a schedule; it comes due from now on. 409 if there is one of that name."""
    now, by = clock.now(), caller(request).actor
    asked = repeatable(request, idempotency_key, route="POST /schedules")
    made = creations.once(
        asked, lambda: tell_plain(changing.create(body.name, body.given(), by=by, now=now), now=now), now=now
    )
    return Status(201, made)


@router.get("/{slug:name}", scope="schedules:read", response=ScheduleOut)
def read_schedule(request: HttpRequest, name: str) -> dict[str, object]:
    """Read one schedule."""
    return tell(timetables.schedule(name), now=clock.now())


@router.patch("/{slug:name}", scope="schedules:write", response=ScheduleOut)
def edit_schedule(request: HttpRequest, name: str, body: ScheduleFields) -> dict[str, object]:
    """Change a schedule; 409 for what the code declares of it."""
    now = clock.now()
    return tell(changing.edit(name, body.given(), by=caller(request).actor, now=now), now=now)


@router.post("/{slug:name}/pause", scope="schedules:write", response=ScheduleOut)
def pause_schedule(request: HttpRequest, name: str) -> dict[str, object]:
    """Pause a schedule: nothing of it comes due until it is resumed."""
    return _switch(request, name, is_enabled=False)


@router.post("/{slug:name}/resume", scope="schedules:write", response=ScheduleOut)
def resume_schedule(request: HttpRequest, name: str) -> dict[str, object]:
    """Resume a schedule; what passed meanwhile never came due."""
    return _switch(request, name, is_enabled=True)


@router.delete("/{slug:name}", scope="schedules:write", response={204: None})
def delete_schedule(request: HttpRequest, name: str) -> Status[None]:
    """Delete a schedule with its slots; its runs stay. 409 for one that the code declares."""
    changing.delete(name, by=caller(request).actor, now=clock.now())
    return Status(204, None)


@router.get("/{slug:name}/slots", scope="schedules:read", response=SlotsOut)
def list_slots(
    request: HttpRequest,
    name: str,
    before: Annotated[Moment | None, Query(None)] = None,
    limit: Annotated[int, Query(50, ge=1, le=200)] = 50,
) -> dict[str, object]:
    """List what became of the times at which a schedule came due, the newest first."""
    if before is not None and not 1970 <= before.year <= 9000:
        raise BadInput("before", before.isoformat(), "give a time that a slot can have")
    rows = timetables.settled(name, before=before, limit=limit)
    return {"slots": rows, "older": rows[-1].due_at if len(rows) == limit else None}


def _switch(request: HttpRequest, name: str, *, is_enabled: bool) -> dict[str, object]:
    now = clock.now()
    schedule = changing.edit(name, {"is_enabled": is_enabled}, by=caller(request).actor, now=now)
    return tell(schedule, now=now)


def tell(schedule: models.Schedule, *, now: datetime) -> dict[str, object]:
    """Return *schedule* as clients read it."""
    told: dict[str, object] = {
        field: getattr(schedule, field) for field in ScheduleOut.model_fields if hasattr(schedule, field)
    }
    told["watchlist"] = schedule.watchlist_id
    return told | {"next_due": timetables.next_due(schedule, now=now)}


def tell_plain(schedule: models.Schedule, *, now: datetime) -> dict[str, object]:
    """Return *schedule* as JSON can hold it."""
    return ScheduleOut.model_validate(tell(schedule, now=now)).model_dump(mode="json")
