"""`manage.py limits`: what an account may do, set by name, and every edition of it."""

import json
from collections.abc import Sequence
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from thalas import figures
from thalas.errors import BadInput
from thalas.management.base import HouseCommand, who
from thalas.selectors import accounts, clock, editions
from thalas.services import limits

WAYS = ("show", "set", "history")
USUAL, MARKET_TYPES = "usual", "market_types"


class Command(HouseCommand):
    help = (
        "Show the limits of an account (that is what it does alone), set some, or list their editions. "
        "docs/risk.md says what each means; all that end in _pct are fractions: 0.15 is 15 %."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("way", nargs="?", default="show", help=" | ".join(WAYS))
        parser.add_argument("changes", nargs="*", metavar="FIELD=VALUE", help=f"`{USUAL}` puts one back")
        parser.add_argument("--account", default=accounts.DEMO)
        parser.add_argument("--json", action="store_true", help="for scripts")

    def handle(self, *args: Any, **options: Any) -> None:
        way, changes = options["way"], options["changes"]
        if way not in WAYS:
            raise BadInput("way", way, f"give one of {', '.join(WAYS)}")
        if changes and way != "set":
            raise BadInput("changes", " ".join(changes), f"`{way}` takes none; `set` does")
        if way == "set":
            _set(options["account"], changes)
        (self._history if way == "history" else self._show)(options["account"], is_json=options["json"])

    def _show(self, account: str, *, is_json: bool) -> None:
        found, usual = editions.in_force(account), editions.usual()
        version, kinds = found.account.limits_version, found.account.market_types
        if is_json:
            told = {"account": account, "version": version, MARKET_TYPES: kinds, "limits": found.values}
            self.stdout.write(json.dumps(told, indent=2))
            return
        self.console.print(f"Account {account}, limits version {version}, may hold {_listed(kinds)}")
        for fault in found.faults:
            self.console.print(f"{fault} Every order is refused until that is mended.", style="red")
        table = _table("limit", "value", "usual")
        for name, value in found.values.items():
            table.add_row(name, _told(value), "" if value == usual[name] else _told(usual[name]))
        self.console.print(table, markup=False)

    def _history(self, account: str, *, is_json: bool) -> None:
        found = editions.history(account)
        if is_json:
            self.stdout.write(json.dumps([_as_json(edition) for edition in found], indent=2))
            return
        table = _table("version", "set", "by", "changes")
        for edition in found:
            row = edition.row
            changes = [f"{name} {_told(old)} → {_told(new)}" for name, (old, new) in edition.changes.items()]
            table.add_row(str(row.version), figures.moment(row.set_at), row.set_by, ", ".join(changes))
        self.console.print(table, markup=False)


def _set(account: str, changes: Sequence[str]) -> None:
    wanted = dict(_parted(change) for change in changes)
    if not wanted:
        raise BadInput("changes", "", "give one or more FIELD=VALUE, such as max_var_pct=0.1")
    kinds = wanted.pop(MARKET_TYPES, None)
    limits.change(
        account,
        {name: _number(text) for name, text in wanted.items()},
        by=who(),
        now=clock.now(),
        market_types=None if kinds is None else kinds.split(","),
    )


def _parted(change: str) -> tuple[str, str]:
    name, is_given, text = change.partition("=")
    if not (name and is_given and text):
        raise BadInput("changes", change, "give FIELD=VALUE, such as max_var_pct=0.1")
    return name, text


def _number(text: str) -> object:
    """Return the number that *text* is, None for the usual one, and text that is neither as it is."""
    if text == USUAL:
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _told(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    return _listed(value) if isinstance(value, list) else str(value)


def _listed(kinds: object) -> str:
    return ", ".join(map(str, kinds)) if isinstance(kinds, list) else str(kinds)


def _as_json(edition: editions.Edition) -> dict[str, object]:
    row = edition.row
    changes = {name: {"from": old, "to": new} for name, (old, new) in edition.changes.items()}
    return {
        "version": row.version,
        "set_at": row.set_at.isoformat(),
        "set_by": row.set_by,
        "changes": changes,
    }


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, name in enumerate(columns):
        table.add_column(name, no_wrap=place < 2)
    return table
