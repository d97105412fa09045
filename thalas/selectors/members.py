"""The council's members as they are shown: what each may do, has cost today, and has failed at lately."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from thalas import models
from thalas.domain import budgets
from thalas.domain.budgets import Measure, Subject
from thalas.errors import NotFound
from thalas.selectors import clock, rows

# Failures are looked for in so many of the newest runs: that bounds the work, however long the history.
RECENT_RUNS = 50
MOST_FAILURES = 3
OF_A_DAY = "kind = %(provider)s AND measure = %(measure)s"
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
    cap_usd: Decimal
    failures: tuple[Failure, ...]

    @property
    def left_usd(self) -> Decimal:
        """Return what is left of the cap."""
        return max(Decimal(0), self.cap_usd - self.spent_usd)


def members(*, now: datetime) -> list[Member]:
    """Return all voters by name, those that are gone too."""
    day = {"provider": Subject.PROVIDER.value, "measure": Measure.USD_PER_DAY.value}
    of_today = f"{OF_A_DAY} AND starts_at = %(today)s"
    today = rows.find(models.BudgetWindow, of_today, today=budgets.starts(now).day, **day)
    spent = {window.subject: window.committed for window in today}
    caps = {cap.subject: cap.amount for cap in rows.find(models.BudgetCap, OF_A_DAY, **day)}
    providers = {provider.pk: provider for provider in rows.find(models.Provider, "TRUE")}
    failures, voters = _failures(), rows.find(models.Voter, "TRUE ORDER BY name")
    for voter in voters:
        voter.provider = providers[voter.provider_id]
    return [
        Member(
            voter,
            spent_usd=budgets.usd(spent.get(voter.provider_id, 0)),
            cap_usd=budgets.usd(caps.get(voter.provider_id, 0)),
            failures=tuple(failures[voter.pk][:MOST_FAILURES]),
        )
        for voter in voters
    ]


def member(name: str, *, now: datetime) -> Member:
    """Return the voter *name*.

    Raises:  NotFound.
    """
    for found in members(now=now):
        if found.voter.pk == name:
            return found
    raise NotFound(f"there is no voter {name}")


def _failures() -> defaultdict[str, list[Failure]]:
    found: defaultdict[str, list[Failure]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(FAILED, {"runs": RECENT_RUNS})
        for voter, at, kind, told in cursor.fetchall():
            found[voter].append(Failure(None if at is None else clock.aware(at), kind, told))
    return found
