"""Accounts, and whether the kill switch is on."""

from django.db import DatabaseError, transaction

from thalas import models
from thalas.errors import BadInput
from thalas.selectors import rows

DEMO = "demo"


def get(name: str) -> models.Account:
    """Return the account called *name*.

    Raises:  BadInput naming those that exist.
    """
    account = rows.first(models.Account, "name = %(name)s", name=name)
    if account is None:
        known = ", ".join(models.Account.objects.order_by("pk").values_list("pk", flat=True)) or "none yet"
        raise BadInput("account", name, f"accounts: {known}")
    return account


def is_killed() -> bool | None:
    """Say whether the kill switch is engaged; None when that cannot be read, which counts as engaged."""
    try:
        with transaction.atomic():  # within another one, a failure must not undo what came before it
            switch = rows.first(models.KillSwitch, "id = %(id)s", id=models.KillSwitch.ONLY_ID)
    except DatabaseError:
        return None
    return {"released": False, "engaged": True}.get("" if switch is None else switch.state)
