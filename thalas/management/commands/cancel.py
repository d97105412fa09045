"""`manage.py cancel ID`: cancel a run that is still open."""

from argparse import ArgumentParser
from typing import Any

from thalas.management.base import HouseCommand, who
from thalas.selectors import clock, stories
from thalas.services import runs


class Command(HouseCommand):
    help = "Cancel an open run: it files no decision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        run = runs.cancel_run(stories.find(options["run"]).pk, by=who(), now=clock.now())
        self.stdout.write(f"Run {run.pk} is cancelled; no decision was filed.")
