"""Bring the voters' rows in line with what the environment offers, and change what a person may."""

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from providers.voters.vendors import VoterSpec
from thalas import models
from thalas.domain.consensus import MAX_WEIGHT
from thalas.errors import BadInput, NotFound
from thalas.selectors import clock
from thalas.services import audits, caps


@transaction.atomic
def sync(specs: Mapping[str, VoterSpec], caps_usd: Mapping[str, Decimal]) -> list[str]:
    """Add and update the voters in *specs*, mark the others absent; return the names that are new.

    A weight or cap that a person has set in the admin stays until the environment's own
    changes; the switch `is_enabled` is a person's alone.
    """
    now = clock.now()
    for name in {spec.provider for spec in specs.values()}:
        _sync_provider(name, caps_usd.get(name, Decimal(0)), now)
    new = [spec.name for spec in specs.values() if _sync_voter(spec)]
    models.Voter.objects.exclude(name__in=list(specs)).update(is_present=False)
    return new


@transaction.atomic
def edit(
    name: str, *, by: str, now: datetime, is_enabled: bool | None = None, weight: float | None = None
) -> models.Voter:
    """Enable or disable the voter *name*, or give it another weight; None leaves either as it is.

    Raises:  NotFound; BadInput for a weight that no ballot can carry.
    """
    if weight is not None and not (math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT):
        raise BadInput("weight", weight, f"give a number from 0 to {MAX_WEIGHT:g}")
    voter = models.Voter.objects.select_for_update(no_key=True).filter(pk=name).first()
    if voter is None:
        raise NotFound(f"there is no voter {name}")
    wanted = {"is_enabled": is_enabled, "weight": weight}
    changes = {
        field: (getattr(voter, field), value)
        for field, value in wanted.items()
        if value is not None and getattr(voter, field) != value
    }
    if changes:
        for field, (_, value) in changes.items():
            setattr(voter, field, value)
        voter.save(update_fields=list(changes))
        audits.append(actor=by, action="voter.edit", target=name, details=changes, now=now)
    return voter


def _sync_provider(name: str, cap_usd: Decimal, now: datetime) -> None:
    models.Provider.objects.get_or_create(name=name)
    caps.declare(name, cap_usd=cap_usd, now=now)


def _sync_voter(spec: VoterSpec) -> bool:
    fields = {
        "provider_id": spec.provider,
        "wire": spec.wire,
        "model": spec.model,
        "timeout_s": spec.timeout_s,
        "is_simulated": spec.is_simulated,
        "is_present": True,
    }
    weights = {"weight": spec.weight, "declared_weight": spec.weight}
    voter, is_new = models.Voter.objects.update_or_create(
        name=spec.name, defaults=fields, create_defaults=fields | weights
    )
    if not is_new and voter.declared_weight != spec.weight:
        models.Voter.objects.filter(pk=voter.pk).update(**weights)
    return is_new
