"""`manage.py createsuperuser`: Django's own, and whom it makes is in the audit chain."""

from typing import Any

from django.contrib.auth.management.commands import createsuperuser
from django.contrib.auth.models import User, UserManager

from thalas.management.base import who
from thalas.selectors import clock
from thalas.services import people


class Command(createsuperuser.Command):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.UserModel: Any = _People()


class _Manager(UserManager[User]):
    """Django's, whose superusers come through our service."""

    def create_superuser(
        self, username: str, email: str | None = None, password: str | None = None, **_: object
    ) -> User:
        return people.make_superuser(
            username, email=email or "", password=password, by=who(), now=clock.now()
        )


class _People:
    """Stands for the model of people in Django's command, which would make one without telling the chain."""

    def __init__(self) -> None:
        self._default_manager = _Manager()
        self._default_manager.model = User

    def __call__(self, **fields: Any) -> User:
        return User(**fields)

    def __getattr__(self, name: str) -> Any:
        return getattr(User, name)
