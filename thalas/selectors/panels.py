"""How voters and the council have fared lately, from the newest runs of an account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Avg, Count, Q

from thalas import models
from thalas.domain.consensus import Outcome, default_quorum
from thalas.selectors import voters

LOOKED_AT = 200
# A voter of whose answers so large a share cannot be used is not well.
MOST_ERRORS = 0.5
ERRORS = (models.Vote.State.FAILED, models.Vote.State.INVALID, models.Vote.State.MISSING)


@dataclass(frozen=True, slots=True)
class Fare:
    """How one voter has fared; *mean_ms* is 0 if it never answered."""

    model: str
    is_available: bool
    requests: int
    errors: int
    mean_ms: float

    @property
    def is_well(self) -> bool:
        """Say whether most of its answers could be used."""
        return self.is_available and (not self.requests or self.errors / self.requests < MOST_ERRORS)


@dataclass(frozen=True, slots=True)
class Panel:
    """Who can be asked, how many are needed, and how runs on given data have ended."""

    fares: Mapping[str, Fare]
    available: int
    needed: int
    runs: int
    decided: int


def fare(*, account: str) -> Panel:
    """Return how the council of *account* fares."""
    seats = voters.available()
    newest = list(
        models.Run.objects.filter(account=account)
        .order_by("-opened_at")
        .values_list("pk", flat=True)[:LOOKED_AT]
    )
    counted = _fares(newest)
    named = models.Voter.objects.filter(Q(pk__in=list(seats)) | Q(pk__in=list(counted)))
    given = models.Decision.objects.filter(run__in=newest, run__kind=models.Run.Kind.GIVEN)
    undecided = given.filter(legs__outcome=Outcome.NO_DECISION.value).distinct().count()
    runs = given.count()
    return Panel(
        fares={v.name: Fare(v.model, v.name in seats, *counted.get(v.name, (0, 0, 0.0))) for v in named},
        available=len(seats),
        needed=max(1, default_quorum(len(seats))),
        runs=runs,
        decided=runs - undecided,
    )


def _fares(run_ids: Sequence[UUID]) -> dict[str, tuple[int, int, float]]:
    """Return requests, errors and mean latency in milliseconds of each voter in *run_ids*."""
    asked = models.Vote.objects.filter(run__in=run_ids).exclude(state__in=models.Vote.OPEN_STATES)
    rows = (
        asked.values("voter_id")
        .annotate(
            requests=Count("pk"), errors=Count("pk", filter=Q(state__in=ERRORS)), mean_ms=Avg("latency_ms")
        )
        .values_list("voter_id", "requests", "errors", "mean_ms")
    )
    return {voter: (requests, errors, mean_ms or 0.0) for voter, requests, errors, mean_ms in rows}
