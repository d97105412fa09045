"""`manage.py doctor`: what is up and what is not."""

import sys
from typing import Any

from django.utils import timezone
from rich.table import Table

from thalas.management.base import HouseCommand
from thalas.selectors import health


class Command(HouseCommand):
    help = "Say what is up and what is not; exit 1 if something vital is not."

    def handle(self, *args: Any, **options: Any) -> None:
        findings = health.findings(now=timezone.now())
        table = Table(box=None, pad_edge=False, show_header=False)
        for finding in findings:
            mark = "[green]up[/]" if finding.is_well else "[red]down[/]"
            table.add_row(mark, finding.part, finding.told)
        self.console.print(table)
        sys.exit(0 if all(finding.is_well or not finding.is_vital for finding in findings) else 1)
