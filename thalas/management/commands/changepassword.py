"""`manage.py changepassword`: give somebody another password, with an entry in the audit chain."""

import getpass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser

from thalas.errors import NotFound
from thalas.management.base import HouseCommand, who
from thalas.selectors import clock
from thalas.services import people

MOST_TRIES = 3


class Command(HouseCommand):
    help = "Give somebody who may sign in another password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", nargs="?", default="", help="default: the name you have here")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"] or getpass.getuser()
        user = User.objects.filter(username=name).first()
        if user is None:
            raise NotFound(f"there is no user {name}")
        self.stdout.write(f"Changing the password of {name}")
        people.change_password(name, self._asked(user), by=who(), now=clock.now())
        self.stdout.write(f"{name} has another password")

    def _asked(self, user: User) -> str:
        """Return what was typed twice alike and is no password that everybody guesses.

        Raises:  CommandError after three tries.
        """
        for _ in range(MOST_TRIES):
            first, again = getpass.getpass("Password: "), getpass.getpass("Password (again): ")
            if first != again:
                self.stderr.write("The two are not the same; try again")
                continue
            try:
                validate_password(first, user)
            except ValidationError as error:
                self.stderr.write("\n".join(error.messages))
                continue
            return first
        raise CommandError(f"the password stays as it is after {MOST_TRIES} tries")
