"""`manage.py scan [SCHEDULE …]`: do now what beat would do, once for each schedule."""

import sys
from argparse import ArgumentParser
from typing import Any

from rich.console import Console

from thalas import dispatch, models
from thalas.management import console as screen
from thalas.management import watching
from thalas.management.base import ERROR, HouseCommand, exit_code
from thalas.selectors import clock


class Command(HouseCommand):
    help = "Fire the newest slot of each schedule named (default: all that are enabled) and show its run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("schedules", nargs="*", metavar="SCHEDULE")

    def handle(self, *args: Any, **options: Any) -> None:
        enabled = models.Schedule.objects.filter(is_enabled=True).order_by("pk").values_list("pk", flat=True)
        names = options["schedules"] or list(enabled)
        console = self.console
        if not names:
            console.print(
                "No schedule is enabled; `manage.py sync_schedule` puts the declared ones into force."
            )
            sys.exit(ERROR)
        sys.exit(max(self._scan(console, name) for name in names))

    def _scan(self, console: Console, name: str) -> int:
        slot, is_new = dispatch.scan(name, now=clock.now())
        if not is_new:
            console.print(f"{slot} already, at {slot.created_at:%H:%M:%S}; a slot fires once")
        if slot.run is None:
            console.print(f"{slot}: {slot.reason}", markup=False)
            return ERROR
        story = watching.wait(slot.run.pk)
        screen.show(console, story)
        return exit_code(story)
