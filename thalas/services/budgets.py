"""The ledger: the worst case of a call is reserved before it, its true cost booked after it.

The cap is held by one conditional UPDATE on the provider's row of the day, with no
transaction around it: a lock that waited for Python between two statements would make
every other call of that provider wait, too. A crash between two steps leaves money
reserved that was not spent, never the other way round.
"""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from django.db.models import F

from providers.errors import ErrorKind, PermanentVoterError
from thalas import models

MICRO = 1_000_000


def reserve(vote: models.Vote, *, worst_usd: Decimal, now: datetime) -> models.SpendEntry | None:
    """Reserve *worst_usd* under the provider's daily cap; None for a call that costs nothing.

    Raises:  PermanentVoterError(BUDGET_EXHAUSTED) if the day's cap could be passed.
    """
    if worst_usd <= 0:
        return None
    provider, worst = vote.voter.provider, _micro(worst_usd)
    if not _commit(provider, worst, now):
        left = provider.cap_usd_per_day - spent_usd(provider.name, now=now)
        raise PermanentVoterError(
            ErrorKind.BUDGET_EXHAUSTED,
            f"{provider.name} has US$ {left:.4f} left of US$ {provider.cap_usd_per_day:.2f} today; "
            f"this call could cost US$ {worst_usd:.4f}",
        )
    return models.SpendEntry.objects.create(
        provider=provider, vote=vote, spent_on=now.date(), reserved_usd=_usd(worst), reserved_at=now
    )


def settle(reservation: models.SpendEntry | None, *, cost_usd: Decimal, now: datetime) -> None:
    """Book what a call really cost in place of what was reserved for it."""
    if reservation is None:
        return
    cost = _micro(cost_usd)
    is_first = models.SpendEntry.objects.filter(pk=reservation.pk, booked_usd=None).update(
        booked_usd=_usd(cost), settled_at=now
    )
    if is_first:
        days = models.SpendDay.objects.filter(
            provider_id=reservation.provider_id, spent_on=reservation.spent_on
        )
        days.update(committed_microusd=F("committed_microusd") + cost - _micro(reservation.reserved_usd))


def spent_usd(provider: str, *, now: datetime) -> Decimal:
    """Return what *provider* has cost today (UTC), unsettled calls at their worst case."""
    days = models.SpendDay.objects.filter(provider_id=provider, spent_on=now.date())
    return _usd(days.values_list("committed_microusd", flat=True).first() or 0)


def _commit(provider: models.Provider, micro: int, now: datetime) -> bool:
    """Add *micro* to the provider's day unless that would pass its cap; say whether it was added."""
    room = int(provider.cap_usd_per_day * MICRO) - micro
    day = models.SpendDay.objects.filter(provider=provider, spent_on=now.date())
    for _ in range(2):
        if day.filter(committed_microusd__lte=room).update(
            committed_microusd=F("committed_microusd") + micro
        ):
            return True
        if day.exists():
            return False
        # The first call of the day; another worker may be making the same row.
        models.SpendDay.objects.bulk_create(
            [models.SpendDay(provider=provider, spent_on=now.date())], ignore_conflicts=True
        )
    return False


def _micro(usd: Decimal) -> int:
    """Return *usd* in whole millionths, rounded up so that no cap is passed by rounding."""
    return int((usd * MICRO).to_integral_value(ROUND_CEILING))


def _usd(micro: int) -> Decimal:
    return Decimal(micro) / MICRO
