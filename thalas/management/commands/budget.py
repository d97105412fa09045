"""`manage.py budget`: what calls may take, what is left, and what they took."""

import argparse
import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from thalas.domain import budgets as words
from thalas.domain.budgets import Measure, Subject
from thalas.errors import BadInput
from thalas.management.base import HouseCommand, who
from thalas.selectors import budgets, clock
from thalas.services import caps

MOST_DAYS = 3_660


class Command(HouseCommand):
    help = (
        "Show the caps on calls and what is left of them (that is what it does alone), set one, "
        "or list what past days and months took."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_subparsers(dest="way", metavar="show | set | history")
        show = ways.add_parser("show", help="every cap, with what its running window (UTC) holds")
        setting = ways.add_parser("set", help="set a cap on a voter, a provider or an account")
        setting.add_argument("kind", help=", ".join(Subject))
        setting.add_argument("subject", help="its name")
        setting.add_argument("measure", help=", ".join(Measure))
        setting.add_argument("amount", help="US$, or a whole number; `none` removes the cap")
        history = ways.add_parser("history", help="past days and months, the newest first")
        history.add_argument("--days", default="31", help="how far back (default 31)")
        for way in (parser, show, setting, history):
            # Alone it shows: what an inner parser does not hear must not undo what the outer one did.
            default = False if way is parser else argparse.SUPPRESS
            way.add_argument("--json", action="store_true", default=default, help="for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        {"show": self._show, "set": self._set, "history": self._history}[options["way"] or "show"](options)

    def _show(self, options: dict[str, Any]) -> None:
        now = clock.now()
        found = budgets.budgets(now=now)
        if options["json"]:
            self.stdout.write(json.dumps([told(budget) for budget in found], indent=2))
            return
        table = _table("kind", "name", "measure", numbers=("cap", "used", "left", "used %"))
        for row in found:
            amounts = (_number(row.measure, amount) for amount in (row.amount, row.committed, row.left))
            used_pct = f"{row.used_pct:.0f}" if row.amount else ""
            table.add_row(row.kind, row.subject, row.measure, *amounts, used_pct)
        self.console.print(table, markup=False)
        self.stdout.write(_ends(now))

    def _set(self, options: dict[str, Any]) -> None:
        kind, subject, measure, amount = (options[name] for name in ("kind", "subject", "measure", "amount"))
        wanted = None if amount == "none" else amount
        cap = caps.set_cap(kind, subject, measure, wanted, by=who(), now=clock.now())
        stored = None if cap is None else words.in_people_s_units(Measure(measure), cap.amount)
        if options["json"]:
            told = {"kind": kind, "subject": subject, "measure": measure}
            self.stdout.write(json.dumps(told | {"amount": None if stored is None else str(stored)}))
        elif cap is None:
            self.stdout.write(f"{kind} {subject} has no cap on {measure}")
        else:
            self.stdout.write(
                f"{kind} {subject} may take {words.in_words(Measure(measure), cap.amount)} ({measure})"
            )

    def _history(self, options: dict[str, Any]) -> None:
        days = options["days"]
        if not (days.isascii() and days.isdigit() and 0 < int(days) <= MOST_DAYS):
            raise BadInput("--days", days, f"give a whole number from 1 to {MOST_DAYS}")
        rows = [budgets.past(window) for window in budgets.history(now=clock.now(), days=int(days))]
        if options["json"]:
            self.stdout.write(
                json.dumps([{**row, "committed": str(row["committed"])} for row in rows], indent=2)
            )
            return
        table = _table("began (UTC)", "kind", "name", "measure", numbers=("took",))
        for row in rows:
            names = (row["starts_at"][:10], row["kind"], row["subject"], row["measure"])
            table.add_row(*names, _number(row["measure"], row["committed"]))
        self.console.print(table, markup=False)


def told(budget: budgets.Budget) -> dict[str, object]:
    """Return *budget* as JSON can hold it; amounts are text."""
    return {
        "kind": budget.kind,
        "subject": budget.subject,
        "measure": budget.measure,
        "amount": str(budget.amount),
        "committed": str(budget.committed),
        "left": str(budget.left),
        "starts_at": budget.starts_at.isoformat(),
        "ends_at": budget.ends_at.isoformat(),
    }


def _ends(now: datetime) -> str:
    began = words.starts(now)
    day, month = (words.end(one, began.of(one)) for one in (Measure.USD_PER_DAY, Measure.USD_PER_MONTH))
    return f"Money in US$. Today ends {day:%Y-%m-%d %H:%M} UTC, this month {month:%Y-%m-%d %H:%M} UTC."


def _number(measure: str, amount: Decimal) -> str:
    is_money = Measure(measure).is_money
    return words.number(Measure(measure), words.micro(amount) if is_money else int(amount))


def _table(*columns: str, numbers: tuple[str, ...]) -> Table:
    table = Table(*columns, box=None, pad_edge=False)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table
