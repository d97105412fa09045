"""Change an account's limits: each change is a new edition, kept beside those before it and audited."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from risk import MARKET_TYPES
from risk.limits import problems
from risk.numbers import describe, finite
from thalas import models
from thalas.errors import BadInput
from thalas.selectors import accounts
from thalas.selectors.editions import COLUMNS, PERCENT
from thalas.services import audits

STEP = Decimal("0.0001")  # percent are kept with two places
NOT_BY_HAND = "counts the changes and is set by none"
# Who had set the edition that an account was made with: nobody, and it is kept when the second one comes.
AS_MADE = "as the account was made"


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

    values  by name, as `risk.Limits` has them and `risk_per_trade_pct`, all as fractions; None puts one back
            to the usual

    Raises:  BadInput naming each limit that cannot be used, or a market type that there is not.
    """
    accounts.get(name)
    account = models.Account.objects.select_for_update(no_key=True).get(pk=name)
    record(account, by=AS_MADE, now=now)
    kept = account.limits if isinstance(account.limits, dict) else {}
    merged = {**kept, **{key: value for key, value in values.items() if key not in COLUMNS}}
    limits = {key: value for key, value in merged.items() if value is not None}
    _check(limits, {key: value for key, value in values.items() if key in COLUMNS})
    account.limits = limits
    for key in COLUMNS:
        if key in values:
            setattr(account, key, _column(key, values[key]))
    if market_types is not None:
        account.market_types = _known(market_types)
    account.limits_version += 1
    account.save(update_fields=["limits", "market_types", "limits_version", *COLUMNS])
    record(account, by=by, now=now)
    details = dict(values) | ({} if market_types is None else {"market_types": account.market_types})
    audits.append(actor=by, action="limits.change", target=name, details=details, now=now)
    return account


def record(account: models.Account, *, by: str, now: datetime) -> None:
    """Keep the edition of its limits that *account* has now; one that is kept already stays as it is."""
    own = {name: str(getattr(account, name)) for name in COLUMNS}
    kept = account.limits if isinstance(account.limits, dict) else {}
    edition = models.LimitsVersion(
        account=account,
        version=account.limits_version,
        values={**kept, **own},
        market_types=account.market_types,
        set_by=by[:100],
        set_at=now,
    )
    models.LimitsVersion.objects.bulk_create([edition], ignore_conflicts=True)


def _check(limits: Mapping[str, object], columns: Mapping[str, object]) -> None:
    """Refuse the *limits* and *columns* if any of them makes no sense; all that is wrong is told at once."""
    wrong = problems(limits) | ({"version": NOT_BY_HAND} if "version" in limits else {})
    wrong |= {name: problem for name, value in columns.items() if (problem := _problem(name, value))}
    if not wrong:
        return
    (first, why), *others = wrong.items()
    given = {**limits, **columns}
    also = [f"; limits.{name}={given[name]!r} cannot be used: {problem}" for name, problem in others]
    raise BadInput(f"limits.{first}", given[first], "".join([why, *also]))


def _problem(name: str, value: object) -> str:
    """Return what is wrong with *value* for a column of the account, None being the usual."""
    if value is None:
        return ""
    number, wanted = finite(value), "a number from 0 to 1"
    if name in PERCENT:
        wanted = f"a number above 0 and up to 1, in steps of {STEP}"
        is_good = number is not None and 0.0 < number <= 1.0 and Decimal(repr(number)) % STEP == 0
    else:
        is_good = number is not None and 0.0 <= number <= 1.0
    return "" if is_good else f"{describe(value)} must be {wanted}"


def _column(name: str, value: object) -> Decimal | float:
    """Return *value* as the account's column holds it; None is the usual."""
    if value is None:
        usual: Decimal | float = getattr(models.Account(), name)
        return usual
    number = finite(value) or 0.0
    return Decimal(repr(number)) * 100 if name in PERCENT else number


def _known(market_types: Sequence[str]) -> list[str]:
    unknown = [kind for kind in market_types if kind not in MARKET_TYPES]
    if unknown or not market_types:
        raise BadInput("market_types", list(market_types), f"give one or more of {', '.join(MARKET_TYPES)}")
    return list(dict.fromkeys(market_types))
