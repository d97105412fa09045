"""`manage.py run ID`: the whole story of a run.

`--again` asks a council about the same brief; `--method` tells what another method would have said.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from thalas import dispatch
from thalas.domain.methods import Method
from thalas.errors import NotPossible
from thalas.management import console as screen
from thalas.management import exports, watching
from thalas.management.base import HouseCommand, exit_code, who
from thalas.selectors import clock, stories
from thalas.services import councils


class Command(HouseCommand):
    help = "Show a run by its id (or its beginning, or `last`)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("run", metavar="ID")
        parser.add_argument("--again", action="store_true", help="open a new run on the same brief and panel")
        parser.add_argument(
            "--method",
            metavar="METHOD",
            help=f"tell what another method would have said, and change nothing: {', '.join(Method)}",
        )
        parser.add_argument("--json", action="store_true", help="print the story as JSON, nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        what_if = councils.check_method(options["method"]) if options["method"] is not None else None
        run = stories.find(options["run"])
        if options["again"]:
            run = dispatch.ask_again(run.pk, requested_by=who(), now=clock.now())
            story = watching.wait(run.pk)
        else:
            story = stories.story(run.pk)
        if what_if and story.decision is None:
            raise NotPossible(f"run {run.pk} is {story.run.state} and has no decision to compare with")
        if options["json"]:
            self.stdout.write(exports.to_json(story))
        else:
            screen.show(self.console, story, what_if=what_if)
        if options["again"]:
            sys.exit(exit_code(story))
