"""What all of Thalas's commands share: refusals in one line, and the exit codes of the house.

0 decided (HOLD included) · 1 error · 2 bad input · 3 no decision
"""

import getpass
import logging
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, ProgrammingError
from rich.console import Console

from providers.errors import MarketError
from thalas.errors import ThalasError
from thalas.selectors.stories import RunStory

DECIDED, ERROR, BAD_INPUT, NO_DECISION = 0, 1, 2, 3


class HouseCommand(BaseCommand):
    """A command that tells a refusal in one line and exits with the code that says what kind it was."""

    requires_system_checks: list[str] = []
    is_service = False

    @property
    def console(self) -> Console:
        """The terminal, or whatever stands in for it."""
        return Console(file=cast(IO[str], self.stdout))  # Django's wrapper writes and flushes as a file does

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command; turn what the house refuses into a line and an exit code."""
        if not self.is_service:
            # Somebody reads this terminal: what matters is said in words, not in log lines.
            logging.getLogger().setLevel(logging.ERROR)
        try:
            return super().execute(*args, **options)
        except (ThalasError, MarketError) as error:
            raise CommandError(str(error), returncode=BAD_INPUT) from error
        except (OperationalError, ProgrammingError) as error:
            raise CommandError(
                f"the database cannot be used ({str(error).strip().splitlines()[0]}); "
                "`manage.py up` sets it up, `manage.py doctor` says more",
                returncode=ERROR,
            ) from error


def who() -> str:
    """Return who asks on this terminal, as it is kept with a run."""
    try:
        return f"{getpass.getuser()} on the command line"
    except (OSError, KeyError):  # a container's user may have no name; before Python 3.13 that is a KeyError
        return "the command line"


def exit_code(story: RunStory) -> int:
    """Return the exit code that a run's ending stands for."""
    return NO_DECISION if story.is_undecided else DECIDED
