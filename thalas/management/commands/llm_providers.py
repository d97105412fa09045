"""`manage.py llm_providers`: how the voters and their providers are, and what a person may do about it.

Exit codes: 0 all is well or was done · 1 something is not healthy, or the test failed · 2 bad input
"""

import json
import sys
import time
from argparse import RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from providers.errors import VoterError
from providers.voters import listings
from providers.voters.vendors import ANALYST, VoterSpec
from thalas import models, roster
from thalas.errors import BadInput
from thalas.management import providers as screen
from thalas.management.base import ERROR, HouseCommand, who
from thalas.selectors import clock, providers
from thalas.services import circuits, trials, voters

CHECK_TIMEOUT_S = 10.0
USABLE = (models.Vote.State.CAST, models.Vote.State.ABSTAINED)
HELP = """Show how voters and their providers are, and change what a person may.

exit codes: 0 all is well, or it was done; 1 something is not healthy or the test failed; 2 bad input
With --status, degraded, unavailable and circuit open are not healthy; figures are of the last 24 hours.
"""


class Command(HouseCommand):
    help = HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        wish = parser.add_mutually_exclusive_group(required=True)
        wish.add_argument(
            "--status", action="store_true", help="state, calls, errors, latency and cost of each"
        )
        wish.add_argument("--list", action="store_true", help="all voters, and vendors that could be set up")
        wish.add_argument("--enable", metavar="X", help="let a voter, or all of a provider, vote again")
        wish.add_argument("--disable", metavar="X", help="leave it out of new panels")
        wish.add_argument("--test", metavar="X", help="make one real call to a voter, paid like any other")
        wish.add_argument(
            "--health-check",
            action="store_true",
            help="ask each provider for its list of models, which costs nothing and no circuit hears of",
        )
        wish.add_argument(
            "--reinit",
            action="store_true",
            help="read the environment again, seat its voters, close all circuits; "
            "workers read theirs when they start",
        )
        parser.add_argument("--json", action="store_true", help="print JSON, nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        self._as_json: bool = options["json"]
        if options["status"]:
            self._status()
        elif options["list"]:
            self._list()
        elif options["enable"] is not None or options["disable"] is not None:
            self._switch(options["enable"] or options["disable"], is_on=options["enable"] is not None)
        elif options["test"] is not None:
            self._test(options["test"])
        elif options["health_check"]:
            self._check()
        else:
            self._reinit()

    def _status(self) -> None:
        reports = providers.reports(now=clock.now(), look=circuits.turnstile().look)
        if self._as_json:
            self._print(screen.status_json(reports))
        else:
            screen.show_status(self.console, reports)
            self._say_if_nobody()
        if any(report.is_ill for report in reports):
            sys.exit(ERROR)

    def _list(self) -> None:
        listed = screen.listed(list(models.Voter.objects.order_by("name")), roster.specs(settings.THALAS))
        if self._as_json:
            self._print(listed)
        else:
            screen.show_list(self.console, listed)
            self._say_if_nobody()

    def _switch(self, name: str, *, is_on: bool) -> None:
        named = _named(name)
        now = clock.now()
        for voter in named:
            voters.edit(voter, by=who(), now=now, is_enabled=is_on)
        if self._as_json:
            self._print([{"voter": voter, "is_enabled": is_on} for voter in named])
        else:
            self.stdout.write(f"{', '.join(named)}: {'may vote' if is_on else 'left out of new panels'}")

    def _test(self, name: str) -> None:
        vote = trials.ask(name, by=who(), clock=clock.now)
        if self._as_json:
            self._print(screen.trial_json(vote))
        else:
            screen.show_trial(self.console, vote)
        if vote.state not in USABLE:
            sys.exit(ERROR)

    def _check(self) -> None:
        checks = [_checked(spec) for spec in _servers()]
        if self._as_json:
            self._print([_as_json(check) for check in checks])
        else:
            screen.show_checks(self.console, checks)
            self._say_if_nobody()
        if any(check.is_well is False for check in checks):
            sys.exit(ERROR)

    def _reinit(self) -> None:
        specs = roster.specs(settings.THALAS)
        new = voters.sync(specs, roster.caps_usd(settings.THALAS))
        names = sorted({spec.provider for spec in specs.values() if spec.wire != ANALYST})
        if names:
            circuits.reset(names, by=who(), now=clock.now())
        if self._as_json:
            self._print({"voters": sorted(specs), "new": sorted(new), "reset": names})
            return
        self.stdout.write(f"{len(specs)} voters are seated; new: {', '.join(new) or 'none'}.")
        self.stdout.write(f"Circuits closed: {', '.join(names) or 'none'}.")
        for notice in settings.THALAS.notices:
            self.stdout.write(notice)
        self._say_if_nobody()

    def _print(self, told: object) -> None:
        self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))

    def _say_if_nobody(self) -> None:
        if not _servers():
            self.stdout.write(screen.NOBODY)


def _servers() -> list[VoterSpec]:
    return [spec for spec in roster.specs(settings.THALAS).values() if spec.wire != ANALYST]


def _named(name: str) -> Sequence[str]:
    """Return the voter *name*, or all voters of the provider *name*.

    Raises:  BadInput.
    """
    known = {voter.pk: voter.provider_id for voter in models.Voter.objects.order_by("name")}
    found = [name] if name in known else [voter for voter, provider in known.items() if provider == name]
    if not found:
        raise BadInput("voter", name, f"give one of {', '.join(known)}, or a provider of theirs")
    return found


def _checked(spec: VoterSpec) -> screen.Check:
    if not listings.has_list(spec):
        return screen.Check(spec.name, spec.provider, None, "has no list of models; use --test", 0.0)
    began = time.monotonic()
    is_well, told = True, ""
    try:
        key = roster.api_key(settings.THALAS, spec)
        listing = listings.read(spec, api_key=key, timeout_s=CHECK_TIMEOUT_S)
        told = f"lists {listing.models} models, " + (
            spec.model if listing.has_asked else f"but not {spec.model}"
        )
    except VoterError as error:
        is_well, told = False, f"{error.kind}: {error}"
    return screen.Check(spec.name, spec.provider, is_well, told, (time.monotonic() - began) * 1000)


def _as_json(check: screen.Check) -> dict[str, object]:
    health = {True: "well", False: "ill", None: "unknown"}[check.is_well]
    return {
        "voter": check.voter,
        "provider": check.provider,
        "health": health,
        "told": check.told,
        "took_ms": round(check.took_ms, 1),
    }
