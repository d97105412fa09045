"""`manage.py audit`: what people and keys have changed, and whether anybody has tampered with the record."""

import sys
import time
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from thalas.management.base import ERROR, HouseCommand
from thalas.selectors import audits, clock
from thalas.services import audits as writing


class Command(HouseCommand):
    help = "List the audit chain, verify that nobody has tampered with it, or anchor its end outside."

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True, metavar="list | verify | anchor")
        listing = ways.add_parser("list", help="the newest entries")
        listing.add_argument("--limit", type=int, default=50, help="how many (default 50)")
        ways.add_parser("verify", help="read the whole chain; exit 1 if anything was changed, and say what")
        ways.add_parser("anchor", help="keep the chain's end outside the database, as beat does hourly")

    def handle(self, *args: Any, **options: Any) -> None:
        {"list": self._list, "verify": self._verify, "anchor": self._anchor}[options["way"]](options)

    def _list(self, options: dict[str, Any]) -> None:
        table = Table("seq", "at (UTC)", "actor", "action", "target", "details", box=None, pad_edge=False)
        for row in reversed(audits.entries(limit=max(1, options["limit"]))):
            at = f"{row.at:%Y-%m-%d %H:%M:%S}"
            table.add_row(str(row.seq), at, row.actor, row.action, row.target, str(row.details or ""))
        self.console.print(table, markup=False)

    def _verify(self, _options: dict[str, Any]) -> None:
        began = time.monotonic()
        report = audits.verify()
        took_s = time.monotonic() - began
        for broken in report.broken:
            self.stdout.write(f"entry {broken.seq} {broken.told}" if broken.seq else broken.told)
        told = f"{report.rows} entries and {report.anchors} anchors read in {took_s:.1f} s"
        if report.broken:
            self.stdout.write(f"{told}; the chain is broken in {len(report.broken)} places")
            sys.exit(ERROR)
        self.stdout.write(f"{told}; the chain is whole")

    def _anchor(self, _options: dict[str, Any]) -> None:
        made = writing.anchor(now=clock.now())
        told = f"anchored entry {made.seq} in" if made else "nothing new to anchor in"
        self.stdout.write(f"{told} {audits.anchors_file()}")
