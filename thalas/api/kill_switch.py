"""The kill switch over HTTP: read it, trip it, release it; releasing needs a scope of its own."""

from datetime import datetime

from django.http import HttpRequest
from ninja import Schema
from pydantic import ConfigDict, Field

from thalas.api.doors import Door, caller
from thalas.api.shapes import Out
from thalas.selectors import clock, switches
from thalas.selectors.switches import Standing
from thalas.services import switches as turning
from thalas.services.switches import MOST_LETTERS

router = Door(tags=["kill switch"])


# One letter at least that can be seen.
VISIBLE = r"[^\s\x00\x1c-\x1f]"


class TurnIn(Schema):
    """Why the switch is turned."""

    model_config = ConfigDict(strict=True, extra="forbid")

    # The document says it too; a reason that cannot be seen is refused by the service, in words.
    reason: str = Field(
        min_length=1,
        max_length=MOST_LETTERS,
        examples=["Prices look wrong since 14:00"],
        json_schema_extra={"pattern": VISIBLE},
    )


class SwitchOut(Out):
    """How the switch stands; *is_readable* is false where it counts as engaged because it cannot be read."""

    is_engaged: bool
    is_readable: bool
    reason: str
    changed_by: str
    changed_at: datetime | None


@router.get("", scope="switch:read", response=SwitchOut)
def read_switch(request: HttpRequest) -> Standing:
    """Read how the switch stands."""
    return switches.standing()


@router.post("/trip", scope="switch:trip", response=SwitchOut)
def trip_switch(request: HttpRequest, body: TurnIn) -> Standing:
    """Engage the switch: nothing is approved until it is released. Engaged already, it stays as it is."""
    return turning.trip(reason=body.reason, by=caller(request).actor, now=clock.now())


@router.post("/release", scope="switch:release", response=SwitchOut)
def release_switch(request: HttpRequest, body: TurnIn) -> Standing:
    """Release the switch: approvals are possible again."""
    return turning.release(reason=body.reason, by=caller(request).actor, now=clock.now())
