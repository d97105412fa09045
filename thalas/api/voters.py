"""The council's members over HTTP: who they are, what they cost, and who may vote with which weight."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Schema
from pydantic import ConfigDict, Field

from thalas.api.doors import Door, caller
from thalas.api.shapes import Out
from thalas.domain.consensus import MAX_WEIGHT
from thalas.selectors import clock, members
from thalas.selectors.members import Member
from thalas.services import voters

router = Door(tags=["voters"])
Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT, allow_inf_nan=False)]


class FailureOut(Out):
    """A vote that failed."""

    at: datetime | None
    kind: str
    told: str


class VoterOut(Out):
    """A voter.

    Money is its provider's: what today's calls have cost at most, and what is left under the cap.
    """

    name: str
    provider: str
    wire: str
    model: str
    weight: float
    timeout_s: float
    is_present: bool = Field(description="the environment still offers it")
    is_enabled: bool
    is_simulated: bool
    spent_today_usd: float
    cap_usd_per_day: float
    left_today_usd: float
    failures: list[FailureOut] = Field(description="of the newest runs, the newest first")


class VotersOut(Out):
    """All voters."""

    voters: list[VoterOut]


class VoterIn(Schema):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(strict=True, extra="forbid")

    is_enabled: bool = Field(default_factory=bool)
    weight: Weight = Field(default_factory=float)


@router.get("", scope="voters:read", response=VotersOut)
def list_voters(request: HttpRequest) -> dict[str, object]:
    """List the council's members, those that are disabled or gone too."""
    return {"voters": [tell(member) for member in members.members(now=clock.now())]}


@router.get("/{str:name}", scope="voters:read", response=VoterOut)
def read_voter(request: HttpRequest, name: str) -> dict[str, object]:
    """Read one voter."""
    return tell(members.member(name, now=clock.now()))


@router.patch("/{str:name}", scope="voters:write", response=VoterOut)
def edit_voter(request: HttpRequest, name: str, body: VoterIn) -> dict[str, object]:
    """Enable or disable a voter, or give it another weight; runs that are open keep theirs."""
    now, given = clock.now(), body.model_fields_set
    voters.edit(
        name,
        is_enabled=body.is_enabled if "is_enabled" in given else None,
        weight=body.weight if "weight" in given else None,
        by=caller(request).actor,
        now=now,
    )
    return tell(members.member(name, now=now))


def tell(member: Member) -> dict[str, object]:
    """Return *member* as clients read it."""
    voter = member.voter
    return {
        "name": voter.pk,
        "provider": voter.provider_id,
        "wire": voter.wire,
        "model": voter.model,
        "weight": voter.weight,
        "timeout_s": voter.timeout_s,
        "is_present": voter.is_present,
        "is_enabled": voter.is_enabled,
        "is_simulated": voter.is_simulated,
        "spent_today_usd": float(member.spent_usd),
        "cap_usd_per_day": float(member.cap_usd),
        "left_today_usd": float(member.left_usd),
        "failures": member.failures,
    }
