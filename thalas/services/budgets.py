"""The ledger: the worst case of a call is reserved before it, its true cost booked after it.

The cap is held by one conditional UPDATE on the provider's row of the day, with no
transaction around it: a lock that waited for Python between two statements would make
every other call of that provider wait, too. PostgreSQL does both steps in one statement;
with SQLite a crash between them leaves money reserved that was not spent, never the other way round.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

from django.db import connection

from providers.errors import ErrorKind, PermanentVoterError
from thalas import models
from thalas.services import statements

MICRO = 1_000_000


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is held for one call until its true cost is known."""

    entry_id: int
    provider: str
    spent_on: date
    microusd: int


@dataclass(frozen=True, slots=True)
class _Wanted:
    provider: str
    vote_id: int
    spent_on: date
    microusd: int
    now: datetime


def reserve(provider: str, vote_id: int, *, worst_usd: Decimal, now: datetime) -> Reservation | None:
    """Reserve *worst_usd* under the daily cap of *provider*; None for a call that costs nothing.

    Raises:  PermanentVoterError(BUDGET_EXHAUSTED) if the day's cap could be passed.
    """
    if worst_usd <= 0:
        return None
    wanted = _Wanted(provider, vote_id, now.date(), _micro(worst_usd), now)
    entry_id = _entered(wanted)
    if entry_id is None:
        # No room, or no row: the first calls of a day make it, and it does not matter which of them did.
        models.SpendDay.objects.bulk_create(
            [models.SpendDay(provider_id=provider, spent_on=wanted.spent_on)], ignore_conflicts=True
        )
        entry_id = _entered(wanted)
    if entry_id is None:
        raise _exhausted(provider, worst_usd, now)
    return Reservation(entry_id, provider, wanted.spent_on, wanted.microusd)


def settle(reservation: Reservation | None, *, cost_usd: Decimal, now: datetime) -> None:
    """Book what a call really cost in place of what was reserved for it; once, however often it is told."""
    if reservation is None:
        return
    cost = _micro(cost_usd)
    entry = {"entry_id": reservation.entry_id, "booked_usd": _usd(cost), "now": now}
    day = {
        "provider": reservation.provider,
        "spent_on": reservation.spent_on,
        "microusd": cost - reservation.microusd,
    }
    if connection.vendor == "postgresql":
        statements.change(statements.SETTLE_AT_ONCE, **entry, **day)
    elif statements.change(statements.BOOK_ENTRY, **entry):
        statements.change(statements.CORRECT_SPENDING, **day)


def spent_usd(provider: str, *, now: datetime) -> Decimal:
    """Return what *provider* has cost today (UTC), unsettled calls at their worst case."""
    days = models.SpendDay.objects.filter(provider_id=provider, spent_on=now.date())
    return _usd(days.values_list("committed_microusd", flat=True).first() or 0)


def _entered(wanted: _Wanted) -> int | None:
    """Add what is wanted to the provider's day and to the ledger; None if that would pass the cap."""
    day = {"provider": wanted.provider, "spent_on": wanted.spent_on}
    entry = {"vote_id": wanted.vote_id, "reserved_usd": _usd(wanted.microusd), "now": wanted.now}
    if connection.vendor == "postgresql":
        row = statements.read(statements.RESERVE_AT_ONCE, **day, **entry, microusd=wanted.microusd)
    elif statements.change(statements.COMMIT_SPENDING, **day, microusd=wanted.microusd):
        row = statements.read(statements.OPEN_ENTRY, **day, **entry)
    else:
        row = None
    return None if row is None else int(row[0])


def _exhausted(provider: str, worst_usd: Decimal, now: datetime) -> PermanentVoterError:
    cap_usd = models.Provider.objects.get(pk=provider).cap_usd_per_day
    left = cap_usd - spent_usd(provider, now=now)
    return PermanentVoterError(
        ErrorKind.BUDGET_EXHAUSTED,
        f"{provider} has US$ {left:.4f} left of US$ {cap_usd:.2f} today; "
        f"this call could cost US$ {worst_usd:.4f}",
    )


def _micro(usd: Decimal) -> int:
    """Return *usd* in whole millionths, rounded up so that no cap is passed by rounding."""
    return int((usd * MICRO).to_integral_value(ROUND_CEILING))


def _usd(micro: int) -> Decimal:
    return Decimal(micro) / MICRO
