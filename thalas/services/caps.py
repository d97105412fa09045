"""Change what calls may take: by a person or as the environment says, with a line in the audit chain."""

import re
from datetime import datetime, timedelta
from decimal import Decimal

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
# Python alone reads 1_0 as ten.
NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,4})?")
MANY = 20
# How far the database's clock may be off, and a call last, for a new cap to count what was before it.
WRONG = timedelta(hours=25)
ENVIRONMENT = "the environment"
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
    wanted = None if amount is None else to_amount(Measure(measure), amount)
    before = _one_by_one(cap)
    if (None if before is None else before.amount) == wanted:
        return before
    if wanted is None and before is not None:
        _remove(before)
    after = None if wanted is None else _put(cap, wanted, now=now)
    _keep(cap, before, wanted, by=by, now=now)
    return after


@transaction.atomic
def declare(provider: str, *, cap_usd: Decimal, now: datetime) -> None:
    """Let *provider* cost what the environment says, unless a person has set it since that last changed."""
    amount = words.micro(cap_usd)
    cap = {"kind": Subject.PROVIDER.value, "subject": provider, "measure": Measure.USD_PER_DAY.value}
    if models.BudgetCap.objects.filter(**cap, declared_amount=amount).exists():
        return
    before = _one_by_one(cap)
    _put(cap, amount, now=now, declared_amount=amount)
    if before is not None and before.amount != amount:
        _keep(cap, before, amount, by=ENVIRONMENT, now=now)


def to_amount(measure: Measure, amount: str | Decimal) -> int:
    """Return what a person gives as it is stored.

    Raises:  BadInput naming what would be right.
    """
    text = str(amount).strip()
    number = Decimal(text if NUMBER.fullmatch(text) else "NaN")
    if measure.is_money:
        is_right = number.is_finite() and 0 <= number <= MOST_USD and number == round(number, 6)
        instead = f"give US dollars from 0 to {MOST_USD:f}, such as 2.50, to the millionth at most"
        stored = number * words.MICRO if is_right else number
    else:
        is_right = number.is_finite() and 0 <= number <= MOST and number == number.to_integral_value()
        instead = f"give a whole number from 0 to {MOST}"
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
        raise unknown(kind, subject)
    return {"kind": kind, "subject": subject, "measure": measure}


def unknown(kind: str, subject: str) -> BadInput:
    """Return the refusal of a *subject* that is none, with those that there are; accounts are not told."""
    why = f"there is no {kind} by that name"
    if kind != Subject.ACCOUNT:
        known = NAMED[Subject(kind)].objects.order_by("pk").values_list("pk", flat=True)[:MANY]
        why += f"; there is {', '.join(map(str, known))}"
    return BadInput("subject", subject, why)


def _one_by_one(cap: dict[str, str]) -> models.BudgetCap | None:
    """Let nobody else change caps until this transaction ends; return what there is of *cap*."""
    _lock("thalas_budgetcap")
    return models.BudgetCap.objects.filter(**cap).first()


def _keep(
    cap: dict[str, str], before: models.BudgetCap | None, after: int | None, *, by: str, now: datetime
) -> None:
    amounts = (None if before is None else before.amount, after)
    told = [None if amount is None else _told(Measure(cap["measure"]), amount) for amount in amounts]
    target = " ".join(cap.values())
    audits.append(actor=by, action="budget.set", target=target, details={"amount": told}, now=now)


def _put(
    cap: dict[str, str], amount: int, *, now: datetime, declared_amount: int | None = None
) -> models.BudgetCap:
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
    """Let the windows of a new cap hold what the ledger has for them already.

    Those around now, too: a call may be there by now, or the clock have been wrong.
    """
    # Whoever reserves or settles meanwhile waits, and then sees the cap.
    _lock("thalas_spendentry")
    windows = models.BudgetWindow.objects.filter(**cap)
    # Of an earlier time of the cap: what is settled of then was perhaps never counted there.
    windows.filter(measure__in=words.MINUTES).delete()
    counted = budgets.counted(
        Subject(cap["kind"]), cap["subject"], Measure(cap["measure"]), now - WRONG, now + WRONG
    )
    for starts_at, committed in counted.items():
        if not windows.filter(starts_at=starts_at).update(committed=committed):
            models.BudgetWindow.objects.create(**cap, starts_at=starts_at, committed=committed)


def _lock(table: str) -> None:
    """Let nobody else write to *table* until this transaction ends; SQLite has one writer at a time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def _told(measure: Measure, amount: int) -> str:
    return f"{words.in_people_s_units(measure, amount).normalize():f}"
