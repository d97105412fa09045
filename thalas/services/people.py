"""The person who may use the admin of an embedded Thalas."""

from django.contrib.auth.models import User
from django.db import transaction

NAME = "admin"


@transaction.atomic
def ensure_admin(password: str) -> bool:
    """Make the admin with *password* if there is no superuser; say whether that password opens the admin."""
    if not User.objects.filter(is_superuser=True).exists():
        User.objects.create_superuser(username=NAME, password=password)
    user = User.objects.filter(username=NAME, is_superuser=True).first()
    return user is not None and user.check_password(password)
