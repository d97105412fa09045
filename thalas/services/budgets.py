"""Budgets: the worst case of a call is reserved before it under every cap, its true cost booked after it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters.types import Usage
from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Amounts, Measure, Subject
from thalas.services import ledgers
from thalas.services.ledgers import Buyer, Standing


@dataclass(frozen=True, slots=True)
class Reservation:
    """What is held for one call until it is known what it took."""

    entry_id: int
    buyer: Buyer
    worst: Amounts
    reserved_at: datetime


def reserve(buyer: Buyer, worst: Usage, *, now: datetime) -> Reservation | None:
    """Reserve *worst* under all caps on *buyer*; None for a voter that asks nobody.

    Raises:  PermanentVoterError(BUDGET_EXHAUSTED) if a cap could be passed; its text names the cap.
    """
    wanted = words.amounts(worst)
    if wanted == Amounts(0, 0, 0):
        return None
    entry_id = ledgers.reserve(buyer, wanted, now=now)
    if entry_id is None:
        # No room, or no row: the first calls of a window make it, and it does not matter which of them did.
        ledgers.open_windows(buyer, wanted, now=now)
        entry_id = ledgers.reserve(buyer, wanted, now=now)
    if entry_id is None:
        raise PermanentVoterError(ErrorKind.BUDGET_EXHAUSTED, refusal(buyer, wanted, now=now))
    return Reservation(entry_id, buyer, wanted, now)


def settle(reservation: Reservation | None, used: Usage | None, *, now: datetime) -> None:
    """Book what a call really took in place of what was reserved for it; once, however often it is told.

    used  None leaves the reservation as it is: nobody knows what the call took
    """
    if reservation is None or used is None:
        return
    ledgers.settle(
        reservation.entry_id,
        reservation.buyer,
        worst=reservation.worst,
        used=words.amounts(used),
        reserved_at=reservation.reserved_at,
        now=now,
    )


def spent_usd(provider: str, *, now: datetime) -> Decimal:
    """Return what *provider* has cost today (UTC), unsettled calls at their worst case."""
    windows = models.BudgetWindow.objects.filter(
        kind=Subject.PROVIDER.value,
        subject=provider,
        measure=Measure.USD_PER_DAY.value,
        starts_at=words.starts(now).day,
    )
    return words.usd(windows.values_list("committed", flat=True).first() or 0)


def refusal(buyer: Buyer, worst: Amounts, *, now: datetime) -> str:
    """Return the sentence that says which cap has no room for a call of *worst*."""
    caps = ledgers.standings(buyer, worst, now=now)
    full = next((cap for cap in caps if not cap.fits), None)
    if full is not None:
        return told(full)
    if ledgers.lacks_cap(caps, worst):
        return uncapped(buyer.provider)
    return "a budget had no room for this call at that moment"


def uncapped(provider: str) -> str:
    """Return the sentence that says that *provider* has no cap on what it may cost."""
    return f"{provider} has no cap in US$, and what costs money is not done without one"


def told(cap: Standing, *, already: int = 0) -> str:
    """Return the sentence that says that *cap* has no room, with *already* meant for others."""
    whose = cap.subject if cap.kind is Subject.PROVIDER else f"{cap.kind} {cap.subject}"
    left = words.in_words(cap.measure, max(0, cap.left - already), places=4)
    of = words.in_words(cap.measure, cap.amount)
    wanted = words.in_words(cap.measure, cap.wanted, places=4)
    verb = "cost" if cap.measure.is_money else "take"
    return f"{whose} has {left} left of {of} {words.period(cap.measure)}; this call could {verb} {wanted}"
