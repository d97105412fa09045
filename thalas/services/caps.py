"""Change what calls may take: by a person, with a line in the audit chain, or as the environment says."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db import connection, transaction

from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Measure, Subject
from thalas.errors import BadInput, NotPossible
from thalas.selectors import budgets
from thalas.services import audits

# More than anybody means to spend, and far below what the ledger's numbers can hold.
MOST_USD = Decimal(1_000_000)
MOST = 10**12
NAMED: dict[Subject, type[models.Voter | models.Provider | models.Account]] = {
    Subject.VOTER: models.Voter,
    Subject.PROVIDER: models.Provider,
    Subject.ACCOUNT: models.Account,
}


@transaction.atomic
def set_cap(
    kind: str, subject: str, measure: str, amount: str | Decimal | None, *, by: str, now: datetime
) -> models.BudgetCap | None:
    """Let the calls of *subject* take up to *amount* of *measure* from now on; None removes the cap.

    amount  US dollars, or a whole number of requests or tokens; what its window holds so far counts

    Raises:  BadInput; NotPossible for the removal of a provider's US$ a day, which it must have.
    """
    cap = _named(kind, subject, measure)
    before = models.BudgetCap.objects.filter(**cap).first()
    wanted = None if amount is None else to_amount(Measure(measure), amount)
    if (None if before is None else before.amount) == wanted:
        return before
    if wanted is None and before is not None:
        _remove(before)
    after = None if wanted is None else _put(cap, wanted, now=now)
    told = [None if row is None else _told(row) for row in (before, after)]
    audits.append(
        actor=by, action="budget.set", target=f"{kind} {subject} {measure}", details={"amount": told}, now=now
    )
    return after


def declare(provider: str, *, cap_usd: Decimal, now: datetime) -> None:
    """Let *provider* cost what the environment says, unless a person has set it since that last changed."""
    amount = words.micro(cap_usd)
    cap = {"kind": Subject.PROVIDER.value, "subject": provider, "measure": Measure.USD_PER_DAY.value}
    known = models.BudgetCap.objects.filter(**cap).first()
    if known is None or known.declared_amount != amount:
        _put(cap, amount, now=now, declared_amount=amount)


def to_amount(measure: Measure, amount: str | Decimal) -> int:
    """Return what a person gives as it is stored.

    Raises:  BadInput naming what would be right.
    """
    try:
        number = Decimal(str(amount))
    except InvalidOperation:
        number = Decimal("NaN")
    if measure.is_money:
        is_right = number.is_finite() and 0 <= number <= MOST_USD and number == round(number, 6)
        instead = f"give US dollars from 0 to {MOST_USD:,}, to the millionth at most"
        stored = number * words.MICRO if is_right else number
    else:
        is_right = number.is_finite() and 0 <= number <= MOST and number == number.to_integral_value()
        instead = f"give a whole number from 0 to {MOST:,}"
        stored = number
    if not is_right:
        raise BadInput("amount", str(amount), instead)
    return int(stored)


def _named(kind: str, subject: str, measure: str) -> dict[str, str]:
    """Return the names by which a cap is kept."""
    if kind not in tuple(Subject):
        raise BadInput("kind", kind, f"kinds: {', '.join(Subject)}")
    if measure not in tuple(Measure):
        raise BadInput("measure", measure, f"measures: {', '.join(Measure)}")
    if not subject.isprintable() or not NAMED[Subject(kind)].objects.filter(pk=subject).exists():
        raise BadInput("subject", subject, f"there is no {kind} by that name")
    return {"kind": kind, "subject": subject, "measure": measure}


def _put(
    cap: dict[str, str], amount: int, *, now: datetime, declared_amount: int | None = None
) -> models.BudgetCap:
    with transaction.atomic():
        row = models.BudgetCap.objects.filter(**cap).first()
        if row is None:
            _count_what_was(cap, now=now)
            row = models.BudgetCap(**cap)
        row.amount = amount
        row.declared_amount = row.declared_amount if declared_amount is None else declared_amount
        row.save()
        return row


def _remove(cap: models.BudgetCap) -> None:
    if cap.kind == Subject.PROVIDER and cap.measure == Measure.USD_PER_DAY:
        raise NotPossible(
            f"provider {cap.subject} needs a cap in US$ a day; 0 allows only calls that cost nothing"
        )
    cap.delete()


def _count_what_was(cap: dict[str, str], *, now: datetime) -> None:
    """Let the window of a new cap hold what the ledger has for it already."""
    if connection.vendor == "postgresql":
        # Whoever reserves meanwhile waits, and then sees the cap; SQLite has one writer at a time.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE thalas_spendentry IN SHARE ROW EXCLUSIVE MODE")
    measure = Measure(cap["measure"])
    starts_at = words.starts(now).of(measure)
    committed = budgets.committed(Subject(cap["kind"]), cap["subject"], measure, starts_at)
    windows = models.BudgetWindow.objects.filter(**cap, starts_at=starts_at)
    if not windows.update(committed=committed):
        models.BudgetWindow.objects.create(**cap, starts_at=starts_at, committed=committed)


def _told(cap: models.BudgetCap) -> str:
    return f"{words.in_people_s_units(Measure(cap.measure), cap.amount).normalize():f}"
