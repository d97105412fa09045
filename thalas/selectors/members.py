"""The council's members as they are shown: what each may do, has cost today, and has failed at lately."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from thalas import models
from thalas.errors import NotFound
from thalas.selectors import clock, rows

# Failures are looked for in so many of the newest runs: that bounds the work, however long the history.
RECENT_RUNS = 50
MOST_FAILURES = 3
MICRO = Decimal(1_000_000)
FAILED = """
    SELECT voter_id, recorded_at, error_kind, error FROM thalas_vote
    WHERE state = 'failed' AND run_id IN (SELECT id FROM thalas_run ORDER BY id DESC LIMIT %(runs)s)
    ORDER BY run_id DESC
"""


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
    today = rows.find(models.SpendDay, "spent_on = %(today)s", today=now.date())
    spent = {day.provider_id: day.committed_microusd for day in today}
    providers = {provider.pk: provider for provider in rows.find(models.Provider, "TRUE")}
    failures, voters = _failures(), rows.find(models.Voter, "TRUE ORDER BY name")
    for voter in voters:
        voter.provider = providers[voter.provider_id]
    return [_member(voter, spent.get(voter.provider_id, 0), failures[voter.pk]) for voter in voters]


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
    found: defaultdict[str, list[Failure]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(FAILED, {"runs": RECENT_RUNS})
        for voter, at, kind, told in cursor.fetchall():
            found[voter].append(Failure(None if at is None else clock.aware(at), kind, told))
    return found
