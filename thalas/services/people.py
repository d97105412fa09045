"""Those who may use the admin: the first one of an embedded Thalas, and whom the command line makes."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from thalas.errors import NotFound
from thalas.services import audits

NAME = "admin"


@transaction.atomic
def ensure_admin(password: str) -> bool:
    """Make the admin with *password* if there is no superuser; say whether that password opens the admin."""
    if not User.objects.filter(is_superuser=True).exists():
        User.objects.create_superuser(username=NAME, password=password)
    user = User.objects.filter(username=NAME, is_superuser=True).first()
    return user is not None and user.check_password(password)


@transaction.atomic
def make_superuser(name: str, *, email: str, password: str | None, by: str, now: datetime) -> User:
    """Make somebody who may do everything in the admin, and put on record who did."""
    user = User.objects.create_superuser(username=name, email=email, password=password)
    told = {"username": name, "is_superuser": True}
    audits.append(actor=by, action="user.create", target=str(user.pk), details=told, now=now)
    return user


@transaction.atomic
def change_password(name: str, password: str, *, by: str, now: datetime) -> None:
    """Give *name* another password, and put on record who did.

    Raises:  NotFound.
    """
    user = User.objects.select_for_update().filter(username=name).first()
    if user is None:
        raise NotFound(f"there is no user {name}")
    user.set_password(password)
    user.save(update_fields=["password"])
    told = {"username": name, "password": "another"}
    audits.append(actor=by, action="user.edit", target=str(user.pk), details=told, now=now)
