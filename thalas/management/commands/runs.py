"""`manage.py runs`: the newest runs, one line each."""

from argparse import ArgumentParser
from typing import Any

from thalas.management import console as screen
from thalas.management.base import HouseCommand
from thalas.selectors import stories


class Command(HouseCommand):
    help = "List the newest runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, default=20)

    def handle(self, *args: Any, **options: Any) -> None:
        console = self.console
        listed = stories.recent(limit=max(1, min(options["limit"], 1000)))
        for run in listed:
            console.print(screen.brief_line(run), soft_wrap=True)
        if not listed:
            console.print("There is no run yet; `manage.py consensus BTC/USD` opens one.")
