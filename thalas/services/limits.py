"""Change an account's limits: each change is a new edition, kept beside those before it and audited."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from risk import MARKET_TYPES
from risk.limits import problems
from thalas import models
from thalas.errors import BadInput
from thalas.selectors import accounts
from thalas.services import audits

# These have columns of their own, in percent.
OF_THE_ACCOUNT = ("max_position_pct", "risk_per_trade_pct", "min_confidence", "min_agreement")
NOT_SET_HERE = (*OF_THE_ACCOUNT, "version")


@transaction.atomic
def change(
    name: str,
    values: Mapping[str, object],
    *,
    by: str,
    now: datetime,
    market_types: Sequence[str] | None = None,
) -> models.Account:
    """Give the account *name* the limits *values* beside those it has, and what it may hold if that is given.

    values  by name, as `risk.Limits` has them; None puts one back to the usual

    Raises:  BadInput naming the first limit that cannot be used, or a market type that there is not.
    """
    accounts.get(name)
    account = models.Account.objects.select_for_update(no_key=True).get(pk=name)
    kept = account.limits if isinstance(account.limits, dict) else {}
    merged = {**kept, **values}
    account.limits = {key: value for key, value in merged.items() if value is not None}
    _check(account.limits)
    if market_types is not None:
        account.market_types = _known(market_types)
    account.limits_version += 1
    account.save(update_fields=["limits", "market_types", "limits_version"])
    record(account, by=by, now=now)
    audits.append(actor=by, action="limits.change", target=name, details=dict(values), now=now)
    return account


def record(account: models.Account, *, by: str, now: datetime) -> None:
    """Keep the edition of its limits that *account* has now; one that is kept already stays as it is."""
    own = {name: str(getattr(account, name)) for name in OF_THE_ACCOUNT}
    edition = models.LimitsVersion(
        account=account,
        version=account.limits_version,
        values={**account.limits, **own},
        market_types=account.market_types,
        set_by=by[:100],
        set_at=now,
    )
    models.LimitsVersion.objects.bulk_create([edition], ignore_conflicts=True)


def _check(values: Mapping[str, object]) -> None:
    found = problems(values) | {name: "is a column of the account" for name in NOT_SET_HERE if name in values}
    for name, problem in found.items():
        raise BadInput(f"limits.{name}", repr(values[name]), problem)


def _known(market_types: Sequence[str]) -> list[str]:
    unknown = [kind for kind in market_types if kind not in MARKET_TYPES]
    if unknown or not market_types:
        raise BadInput("market_types", list(market_types), f"give one or more of {', '.join(MARKET_TYPES)}")
    return list(dict.fromkeys(market_types))
