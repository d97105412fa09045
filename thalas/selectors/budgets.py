"""Budgets as they are shown: each cap with what its running window holds, and the windows that were."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

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


def of_run(run_id: UUID, *, now: datetime) -> list[tuple[Budget, Decimal]]:
    """Return the money budgets of the providers that a run has paid, each with what the run took of it.

    A call that is under way, or was lost, counts at its worst.
    """
    paid = models.SpendEntry.objects.filter(vote__run_id=run_id, reserved_usd__gt=0)
    taken = Coalesce(F("booked_usd"), F("reserved_usd"))
    costs = dict(paid.values_list("provider_id").annotate(total=Sum(taken)))
    if not costs:
        return []
    return [
        (budget, costs[budget.subject])
        for budget in budgets(now=now)
        if budget.kind is Subject.PROVIDER and budget.measure.is_money and budget.subject in costs
    ]


def history(
    *, kind: str | None = None, subject: str | None = None, now: datetime, days: int, limit: int = MOST_SHOWN
) -> list[models.BudgetWindow]:
    """Return the windows of days and months that began within *days* before *now*, the newest first."""
    windows = models.BudgetWindow.objects.filter(
        starts_at__gte=words.starts(now - timedelta(days=days)).day,
        measure__in=[measure.value for measure in Measure if not measure.is_of_a_minute],
    )
    if kind is not None:
        windows = windows.filter(kind=kind)
    if subject is not None:
        windows = windows.filter(subject=subject)
    return list(windows.order_by("-starts_at", "kind", "subject", "measure")[:limit])


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
    field = "provider_id" if kind is Subject.PROVIDER else kind.value
    entries = models.SpendEntry.objects.filter(
        **{field: subject}, reserved_at__gte=starts_at, reserved_at__lt=words.end(measure, starts_at)
    )
    if measure.is_money:
        total = entries.aggregate(total=Sum(Coalesce(F("booked_usd"), F("reserved_usd"))))["total"]
        return words.micro(total or Decimal(0))
    unit = "requests" if measure is Measure.REQUESTS_PER_MINUTE else "tokens"
    taken = Coalesce(F(f"booked_{unit}"), F(f"reserved_{unit}"))
    return int(entries.aggregate(total=Sum(taken))["total"] or 0)


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
