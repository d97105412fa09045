"""Budgets as they are shown: each cap with what its running window holds, and the windows that were."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Coalesce, Trunc

from providers.errors import ErrorKind
from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Measure, Subject

MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Budget:
    """A cap and its running window; amounts in people's units, that is US dollars for money."""

    kind: Subject
    subject: str
    measure: Measure
    amount: Decimal
    committed: Decimal
    starts_at: datetime
    ends_at: datetime

    @property
    def left(self) -> Decimal:
        """Return what is left; never below 0."""
        return max(Decimal(0), self.amount - self.committed)

    @property
    def used_pct(self) -> float:
        """Return how full the window is, in per cent of the cap; a cap of 0 is full."""
        return float(self.committed / self.amount * 100) if self.amount else 100.0


def budgets(*, now: datetime) -> list[Budget]:
    """Return every cap with its running window, by kind, subject and measure."""
    began = words.starts(now)
    running = {
        (window.kind, window.subject, window.measure, window.starts_at): window.committed
        for window in models.BudgetWindow.objects.filter(starts_at__in=[began.minute, began.day, began.month])
    }
    return [
        _budget(cap, cap.amount, began.of(Measure(cap.measure)), running)
        for cap in models.BudgetCap.objects.all()
    ]


@dataclass(frozen=True, slots=True)
class Call:
    """A voter's call in a run: what was reserved for it, and what was booked; None until that is known."""

    voter: str
    provider: str
    reserved_usd: Decimal = Decimal(0)
    booked_usd: Decimal | None = None
    booked_tokens: int | None = None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Spending:
    """The calls of a run, and the caps of days and months that they count against, as they are now."""

    calls: tuple[Call, ...]
    budgets: tuple[Budget, ...]


def of_run(run_id: UUID, *, now: datetime) -> Spending:
    """Return what a run's calls took, those that a budget refused included; free voters are left out."""
    entries = models.SpendEntry.objects.filter(vote__run_id=run_id).order_by("pk")
    amounts = ("reserved_usd", "booked_usd", "booked_tokens")
    refused = models.Vote.objects.filter(run_id=run_id, error_kind=ErrorKind.BUDGET_EXHAUSTED.value)
    calls = [Call(*row) for row in entries.values_list("voter", "provider_id", *amounts)]
    calls += [Call(*row, is_refused=True) for row in refused.values_list("voter_id", "voter__provider_id")]
    if not calls:
        return Spending((), ())
    accounts = models.Run.objects.filter(pk=run_id).values_list("account_id", flat=True)
    mine = {(Subject.ACCOUNT, account) for account in accounts}
    for call in calls:
        mine |= {(Subject.VOTER, call.voter), (Subject.PROVIDER, call.provider)}
    caps = [one for one in budgets(now=now) if (one.kind, one.subject) in mine]
    calls.sort(key=lambda call: call.voter)
    return Spending(tuple(calls), tuple(one for one in caps if one.measure not in words.MINUTES))


def history(
    *, kind: str | None = None, subject: str | None = None, now: datetime, days: int, limit: int = MOST_SHOWN
) -> list[models.BudgetWindow]:
    """Return what the days and months that began within *days* before *now* took, the newest first."""
    windows = models.BudgetWindow.objects.filter(
        starts_at__gte=words.starts(now - timedelta(days=days)).day,
        starts_at__lte=now,
        committed__gt=0,
    ).exclude(measure__in=words.MINUTES)
    if kind is not None:
        windows = windows.filter(kind=kind)
    if subject is not None:
        windows = windows.filter(subject=subject)
    return list(windows.order_by("-starts_at", "kind", "subject", "measure")[:limit])


def usd_a_day() -> dict[str, Decimal]:
    """Return what each provider may cost a day."""
    caps = models.BudgetCap.objects.filter(kind=Subject.PROVIDER.value, measure=Measure.USD_PER_DAY.value)
    return {cap.subject: words.usd(cap.amount) for cap in caps}


def past(window: models.BudgetWindow) -> dict[str, Any]:
    """Return *window* as it is told, its amount in people's units."""
    return {
        "kind": window.kind,
        "subject": window.subject,
        "measure": window.measure,
        "starts_at": window.starts_at.isoformat(),
        "committed": words.in_people_s_units(Measure(window.measure), window.committed),
    }


def committed(kind: Subject, subject: str, measure: Measure, starts_at: datetime) -> int:
    """Return what the ledger has in one window, unsettled calls at their worst: what its row should hold."""
    return counted(kind, subject, measure, starts_at, starts_at).get(starts_at, 0)


def counted(
    kind: Subject, subject: str, measure: Measure, since: datetime, until: datetime
) -> dict[datetime, int]:
    """Return what the ledger has in each window from the one that holds *since* to that of *until*.

    Unsettled calls count at their worst; windows without a call are left out.
    """
    field = "provider_id" if kind is Subject.PROVIDER else kind.value
    first, last = (words.starts(moment).of(measure) for moment in (since, until))
    entries = models.SpendEntry.objects.filter(
        **{field: subject}, reserved_at__gte=first, reserved_at__lt=words.end(measure, last)
    )
    unit = "usd" if measure.is_money else _unit(measure)
    taken = Sum(Coalesce(F(f"booked_{unit}"), F(f"reserved_{unit}")))
    started = Trunc("reserved_at", _span(measure), tzinfo=UTC)
    sums = entries.annotate(start=started).values_list("start").annotate(total=taken).order_by()
    return {start: words.micro(total) if measure.is_money else int(total) for start, total in sums}


def _unit(measure: Measure) -> str:
    return "requests" if measure is Measure.REQUESTS_PER_MINUTE else "tokens"


def _span(measure: Measure) -> str:
    if measure.is_of_a_minute:
        return "minute"
    return "month" if measure is Measure.USD_PER_MONTH else "day"


def _budget(
    cap: models.BudgetCap,
    amount: int,
    starts_at: datetime,
    running: dict[tuple[str, str, str, datetime], int],
) -> Budget:
    measure = Measure(cap.measure)
    held = running.get((cap.kind, cap.subject, cap.measure, starts_at), 0)
    return Budget(
        kind=Subject(cap.kind),
        subject=cap.subject,
        measure=measure,
        amount=words.in_people_s_units(measure, amount),
        committed=words.in_people_s_units(measure, held),
        starts_at=starts_at,
        ends_at=words.end(measure, starts_at),
    )
