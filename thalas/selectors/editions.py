"""The limits of an account as people read them: those in force, and every edition of them so far."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import risk
from thalas import models
from thalas.selectors import accounts
from thalas.selectors.desks import Desk

# What the account's columns hold in percent; everybody sees fractions.
PERCENT = ("max_position_pct", "risk_per_trade_pct")
COLUMNS = (*PERCENT, "min_confidence", "min_agreement")


@dataclass(frozen=True, slots=True)
class InForce:
    """What an account is judged by now; *faults* say why every order is refused, if it is."""

    account: models.Account
    values: dict[str, float]
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of an account's limits: for each that it changed, what it was and what it became."""

    row: models.LimitsVersion
    changes: dict[str, tuple[object, object]]


def usual() -> dict[str, float]:
    """Return the limits of an account of which nothing is said."""
    fresh = models.Account()
    values = asdict(risk.Limits()) | {name: getattr(fresh, name) for name in COLUMNS}
    del values["version"]
    return _in_fractions(values)


def in_force(name: str) -> InForce:
    """Return the limits of the account *name*.

    Raises:  BadInput naming the accounts that exist.
    """
    account = accounts.get(name)
    desk = Desk(account, None)
    values = asdict(desk.limits) | {"risk_per_trade_pct": float(account.risk_per_trade_pct) / 100}
    del values["version"]
    return InForce(account, values, desk.faults)


def history(name: str) -> list[Edition]:
    """Return the editions of the limits of the account *name*, the newest first.

    Raises:  BadInput naming the accounts that exist.
    """
    found: list[Edition] = []
    known: dict[str, object] | None = None
    for row in models.LimitsVersion.objects.filter(account=accounts.get(name)).order_by("version"):
        its = {**usual(), **_in_fractions(row.values), "market_types": row.market_types}
        before = its if known is None else known
        changes = {key: (before.get(key), value) for key, value in its.items() if before.get(key) != value}
        found.insert(0, Edition(row, changes))
        known = its
    return found


def _in_fractions(values: Mapping[str, object]) -> dict[str, float]:
    """Return *values* with those that the account keeps in columns, partly as text, as plain numbers."""
    own = {name: float(str(values[name])) for name in COLUMNS if name in values}
    own |= {name: own[name] / 100 for name in PERCENT if name in own}
    return {**values, **own}  # type: ignore[dict-item]  # what is no number is told as it is
