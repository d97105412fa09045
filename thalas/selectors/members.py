"""The council's members as they are shown: what each may do, has cost today, and has failed at lately."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from thalas import models
from thalas.errors import NotFound

# Failures are looked for in so many of the newest runs: that bounds the work, however long the history.
RECENT_RUNS = 50
MOST_FAILURES = 3
MICRO = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class Failure:
    """A vote that failed."""

    at: datetime | None
    kind: str
    told: str


@dataclass(frozen=True, slots=True)
class Member:
    """A voter, its provider's purse of the day in US dollars, and its last failures, the newest first."""

    voter: models.Voter
    spent_usd: Decimal
    left_usd: Decimal
    failures: tuple[Failure, ...]


def members(*, now: datetime) -> list[Member]:
    """Return all voters by name, those that are gone too."""
    spent = dict(
        models.SpendDay.objects.filter(spent_on=now.date()).values_list("provider_id", "committed_microusd")
    )
    failures = _failures()
    rows = models.Voter.objects.select_related("provider").order_by("name")
    return [_member(voter, spent.get(voter.provider_id, 0), failures[voter.pk]) for voter in rows]


def member(name: str, *, now: datetime) -> Member:
    """Return the voter *name*.

    Raises:  NotFound.
    """
    for found in members(now=now):
        if found.voter.pk == name:
            return found
    raise NotFound(f"there is no voter {name}")


def _member(voter: models.Voter, microusd: int, failures: list[Failure]) -> Member:
    spent_usd = microusd / MICRO
    left_usd = max(Decimal(0), voter.provider.cap_usd_per_day - spent_usd)
    return Member(voter, spent_usd, left_usd, tuple(failures[:MOST_FAILURES]))


def _failures() -> defaultdict[str, list[Failure]]:
    recent = list(models.Run.objects.order_by("-pk").values_list("pk", flat=True)[:RECENT_RUNS])
    failed = models.Vote.objects.filter(run__in=recent, state=models.Vote.State.FAILED).order_by("-run_id")
    found: defaultdict[str, list[Failure]] = defaultdict(list)
    for voter, at, kind, told in failed.values_list("voter_id", "recorded_at", "error_kind", "error"):
        found[voter].append(Failure(at, kind, told))
    return found
