"""The ledger: the worst case of a call is reserved before it, its true cost booked after it."""

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Coalesce

from providers.errors import ErrorKind, PermanentVoterError
from thalas import models

SMALLEST_USD = Decimal("0.000001")


@transaction.atomic
def reserve(vote: models.Vote, *, worst_usd: Decimal, now: datetime) -> models.SpendEntry | None:
    """Reserve *worst_usd* under the provider's daily cap; None for a call that costs nothing.

    The provider's row is locked while the day is added up, and never across the call.

    Raises:  PermanentVoterError(BUDGET_EXHAUSTED) if the day's cap could be passed.
    """
    if worst_usd <= 0:
        return None
    worst_usd = _whole(worst_usd)
    provider = models.Provider.objects.select_for_update().get(pk=vote.voter.provider_id)
    spent = spent_usd(provider.name, now=now)
    if spent + worst_usd > provider.cap_usd_per_day:
        raise PermanentVoterError(
            ErrorKind.BUDGET_EXHAUSTED,
            f"{provider.name} has US$ {provider.cap_usd_per_day - spent:.4f} left of "
            f"US$ {provider.cap_usd_per_day:.2f} today; this call could cost US$ {worst_usd:.4f}",
        )
    return models.SpendEntry.objects.create(
        provider=provider, vote=vote, spent_on=now.date(), reserved_usd=worst_usd, reserved_at=now
    )


def settle(reservation: models.SpendEntry | None, *, cost_usd: Decimal, now: datetime) -> None:
    """Book what a call really cost in place of what was reserved for it."""
    if reservation is not None:
        models.SpendEntry.objects.filter(pk=reservation.pk, booked_usd=None).update(
            booked_usd=_whole(cost_usd), settled_at=now
        )


def _whole(usd: Decimal) -> Decimal:
    """Return *usd* in the ledger's smallest unit, rounded up so that no cap is passed by rounding."""
    return usd.quantize(SMALLEST_USD, ROUND_CEILING)


def spent_usd(provider: str, *, now: datetime) -> Decimal:
    """Return what *provider* has cost today (UTC), unsettled calls at their worst case."""
    entries = models.SpendEntry.objects.filter(provider_id=provider, spent_on=now.date())
    return entries.aggregate(total=Sum(Coalesce("booked_usd", "reserved_usd")))["total"] or Decimal(0)
