"""`manage.py kill_switch`: how the switch stands, and turning it."""

from typing import Any

from django.core.management.base import CommandParser

from thalas.management.base import HouseCommand, who
from thalas.selectors import clock, switches
from thalas.selectors.switches import Standing
from thalas.services import switches as turning


class Command(HouseCommand):
    help = "Show the kill switch, trip it (nothing is approved any more) or release it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("way", nargs="?", choices=["status", "trip", "release"], default="status")
        parser.add_argument("--reason", default="", help="why it is turned; needed to trip and to release")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["way"] == "status":
            self._show(switches.standing())
            return
        turn = turning.trip if options["way"] == "trip" else turning.release
        self._show(turn(reason=options["reason"], by=who(), now=clock.now()))

    def _show(self, standing: Standing) -> None:
        state = "engaged: nothing is approved" if standing.is_engaged else "released"
        since = f" since {standing.changed_at:%Y-%m-%d %H:%M:%S} UTC" if standing.changed_at else ""
        by = f", by {standing.changed_by}" if standing.changed_by else ""
        self.stdout.write(f"{state}{since}{by}: {standing.reason or 'no reason is on record'}")
