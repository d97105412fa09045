"""Caps for tests, written straight into the table."""

from decimal import Decimal

from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Measure, Subject
from thalas.selectors import clock


def allow_usd(usd: Decimal | str | int, *, provider: str | None = None) -> None:
    """Let *provider*, or every one there is, cost *usd* a day."""
    names = [provider] if provider else models.Provider.objects.values_list("pk", flat=True)
    for name in names:
        put(Subject.PROVIDER, name, Measure.USD_PER_DAY, words.micro(Decimal(usd)))


def put(kind: Subject, subject: str, measure: Measure, amount: int) -> None:
    """Make or change a cap; *amount* as it is stored."""
    models.BudgetCap.objects.update_or_create(
        kind=kind.value, subject=subject, measure=measure.value, defaults={"amount": amount}
    )


def usd_a_day(provider: str) -> Decimal | None:
    """Return what *provider* may cost a day, or None for no cap."""
    found = models.BudgetCap.objects.filter(
        kind=Subject.PROVIDER.value, subject=provider, measure=Measure.USD_PER_DAY.value
    ).first()
    return None if found is None else words.usd(found.amount)


def spend(provider: str, microusd: int) -> None:
    """Let *provider* have cost so much today."""
    models.BudgetWindow.objects.update_or_create(
        kind=Subject.PROVIDER.value,
        subject=provider,
        measure=Measure.USD_PER_DAY.value,
        starts_at=words.starts(clock.now()).day,
        defaults={"committed": microusd},
    )
