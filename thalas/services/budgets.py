"""The ledger: the worst case of a call is reserved before it, its true cost booked after it.

The cap is held by one conditional UPDATE on the provider's row of the day, with no
transaction around it: a lock that waited for Python between two statements would make
every other call of that provider wait, too. A crash between two steps leaves money
reserved that was not spent, never the other way round.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal

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


def reserve(provider: str, vote_id: int, *, worst_usd: Decimal, now: datetime) -> Reservation | None:
    """Reserve *worst_usd* under the daily cap of *provider*; None for a call that costs nothing.

    Raises:  PermanentVoterError(BUDGET_EXHAUSTED) if the day's cap could be passed.
    """
    if worst_usd <= 0:
        return None
    today, worst = now.date(), _micro(worst_usd)
    if not _commit(provider, worst, today):
        raise _exhausted(provider, worst_usd, now)
    row = statements.read(
        statements.OPEN_ENTRY,
        provider=provider,
        vote_id=vote_id,
        spent_on=today,
        reserved_usd=_usd(worst),
        now=now,
    )
    if row is None:
        raise RuntimeError(f"the ledger gave no entry for vote {vote_id}")
    return Reservation(row[0], provider, today, worst)


def settle(reservation: Reservation | None, *, cost_usd: Decimal, now: datetime) -> None:
    """Book what a call really cost in place of what was reserved for it."""
    if reservation is None:
        return
    cost = _micro(cost_usd)
    is_first = statements.change(
        statements.BOOK_ENTRY, entry_id=reservation.entry_id, booked_usd=_usd(cost), now=now
    )
    if is_first:
        statements.change(
            statements.CORRECT_SPENDING,
            provider=reservation.provider,
            spent_on=reservation.spent_on,
            microusd=cost - reservation.microusd,
        )


def spent_usd(provider: str, *, now: datetime) -> Decimal:
    """Return what *provider* has cost today (UTC), unsettled calls at their worst case."""
    days = models.SpendDay.objects.filter(provider_id=provider, spent_on=now.date())
    return _usd(days.values_list("committed_microusd", flat=True).first() or 0)


def _commit(provider: str, micro: int, today: date) -> bool:
    """Add *micro* to the provider's day unless that would pass its cap; say whether it was added."""
    change = {"provider": provider, "spent_on": today, "microusd": micro}
    if statements.change(statements.COMMIT_SPENDING, **change):
        return True
    # No room, or no row: the first calls of a day make it, and it does not matter which of them did.
    models.SpendDay.objects.bulk_create(
        [models.SpendDay(provider_id=provider, spent_on=today)], ignore_conflicts=True
    )
    return statements.change(statements.COMMIT_SPENDING, **change) == 1


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
