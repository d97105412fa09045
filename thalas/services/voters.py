"""Bring the voters' rows in line with what the environment offers."""

from collections.abc import Mapping
from decimal import Decimal

from django.db import transaction

from providers.voters.registry import VoterSpec
from thalas import models


@transaction.atomic
def sync(specs: Mapping[str, VoterSpec], caps_usd: Mapping[str, Decimal]) -> list[str]:
    """Add and update the voters in *specs*, mark the others absent; return the names that are new.

    A person's own switch, `is_enabled`, is never touched, nor is a cap that exists already.
    """
    new = []
    for spec in specs.values():
        models.Provider.objects.get_or_create(
            name=spec.provider, defaults={"cap_usd_per_day": caps_usd.get(spec.provider, Decimal(0))}
        )
        _, is_new = models.Voter.objects.update_or_create(
            name=spec.name,
            defaults={
                "provider_id": spec.provider,
                "wire": spec.wire,
                "model": spec.model,
                "weight": spec.weight,
                "timeout_s": spec.timeout_s,
                "is_simulated": spec.is_simulated,
                "is_present": True,
            },
        )
        if is_new:
            new.append(spec.name)
    models.Voter.objects.exclude(name__in=list(specs)).update(is_present=False)
    return new
