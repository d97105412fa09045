"""`manage.py consensus BTC/USD ETH/USD`: ask the council now and watch it vote."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from rich.text import Text

from thalas import dispatch
from thalas.domain.methods import Method
from thalas.management import console as screen
from thalas.management import estimates as costs
from thalas.management import exports, watching
from thalas.management.base import HouseCommand, exit_code, who
from thalas.selectors import clock
from thalas.selectors.stories import VoteLine
from thalas.services import estimates
from thalas.services.councils import Question


class Command(HouseCommand):
    help = "Ask the council about one or more symbols; votes appear as they arrive, then the decision."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("symbols", nargs="+", metavar="SYMBOL", help="such as BTC/USD")
        parser.add_argument("--timeframe", default="1d")
        parser.add_argument(
            "--panel", nargs="+", metavar="VOTER", help="who is asked (default: everyone enabled)"
        )
        parser.add_argument("--deadline", type=float, default=None, metavar="SECONDS")
        parser.add_argument(
            "--early", action="store_true", help="decide as soon as no answer to come can change an outcome"
        )
        parser.add_argument(
            "--method",
            default=Method.WEIGHTED_MAJORITY.value,
            metavar="METHOD",
            help=f"how the votes become an outcome: {', '.join(Method)} (default: %(default)s)",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="say what the run would cost; nobody is asked"
        )
        parser.add_argument("--json", action="store_true", help="print the story as JSON, nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        deadline_s = (
            options["deadline"] if options["deadline"] is not None else settings.HOUSE.thalas_deadline_s
        )
        question = Question(
            symbols=options["symbols"],
            timeframe=options["timeframe"],
            requested_by=who(),
            deadline_s=deadline_s,
            panel=options["panel"],
            may_close_early=options["early"],
            method=options["method"],
        )
        if options["dry_run"]:
            self._estimate(question, as_json=options["json"])
        else:
            self._ask(question, as_json=options["json"])

    def _estimate(self, question: Question, *, as_json: bool) -> None:
        estimate = estimates.estimate(question, now=clock.now())
        if as_json:
            self.stdout.write(costs.to_json(estimate))
        else:
            costs.show(self.console, estimate)

    def _ask(self, question: Question, *, as_json: bool) -> None:
        run = dispatch.convene(question, now=clock.now())
        if as_json:
            story = watching.wait(run.pk)
            self.stdout.write(exports.to_json(story))
        else:
            console = self.console
            console.print(
                Text(f"Run {run.pk}: asking {run.votes.count()} voters, deadline {question.deadline_s:g} s")
            )
            story = watching.wait(run.pk, on_vote=lambda symbol, vote: console.print(arrived(symbol, vote)))
            screen.show(console, story)
            if story.is_undecided and not any(
                vote.stance != "missing" for leg in story.legs for vote in leg.votes
            ):
                console.print(
                    "No worker answered. `manage.py doctor` says what is up; `manage.py up` starts all."
                )
        sys.exit(exit_code(story))


def arrived(symbol: str, vote: VoteLine) -> Text:
    """Return the line that tells of one vote's arrival."""
    latency = f" {vote.latency_ms:.0f} ms" if vote.latency_ms is not None else ""
    return Text.assemble("  ", (symbol, "bold"), f" {vote.voter}: ", screen.coloured(vote.answer), latency)
