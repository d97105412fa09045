"""`manage.py risk_report`: what an account holds, what that risks, and how much of each limit is used."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from thalas import figures
from thalas.management import plots
from thalas.management.base import HouseCommand
from thalas.selectors import accounts, clock, reports
from thalas.selectors.reports import Reading, Report, Unit, Use

SHOWN = ("volatility", "max_drawdown", "correlation_risk", "diversification_score", "hhi", "risk_level")


class Command(HouseCommand):
    help = (
        "Show an account's risk: positions, value at risk, limits; with --svg FILE a picture of its equity."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default=accounts.DEMO)
        parser.add_argument("--svg", metavar="FILE", type=Path, help="write the curve of the equity there")

    def handle(self, *args: Any, **options: Any) -> None:
        report, console = reports.report(options["account"], now=clock.now()), self.console
        _show_positions(console, report)
        for fault in report.faults:
            console.print(f"{fault} Every order is refused until that is mended.", style="red", markup=False)
        if report.reading is None:
            console.print(f"{report.gap} Every order is refused.", style="red", markup=False)
            return
        _show_limits(console, report.reading)
        _show_metrics(console, report.reading)
        if options["svg"]:
            _write(options["svg"], plots.equity(report.account.pk, report.reading))
            console.print(f"The curve of the equity is in {options['svg']}", soft_wrap=True, markup=False)


def _show_positions(console: Console, report: Report) -> None:
    equity = report.reading.equity_usd if report.reading else None
    worth = "equity unknown" if equity is None else f"{equity:,.2f} USD"
    console.print(
        f"Account {report.account.pk}: {worth} at {figures.market_moment(report.market_at)} market time, "
        f"limits version {report.limits.version}. It is all paper.",
        markup=False,
    )
    if not report.holdings:
        console.print("No positions; `manage.py demo_account` makes some on paper.")
    else:
        console.print(_positions(report, equity))
    for hold in report.reservations:
        console.print(
            f"Held free for an approved {hold.side}: {hold.size_usd:,.2f} USD of {hold.symbol}, "
            f"until {figures.moment(hold.expires_at)}",
            markup=False,
        )


def _positions(report: Report, equity: float | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("symbol", no_wrap=True)
    for name in ("amount", "entry", "price", "value USD", "share", "gain USD"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("regime", no_wrap=True)
    for each in report.holdings:
        worth = [figures.NOTHING] * 4
        if each.closes is not None:
            share = f"{abs(each.value_usd) / equity:.1%}" if equity else figures.NOTHING
            price, value, gain = figures.price(each.price), f"{each.value_usd:,.2f}", f"{each.gain_usd:+,.2f}"
            worth = [price, value, share, gain]
        entry = figures.price(each.entry_price)
        table.add_row(each.symbol, f"{each.amount:.4g}", entry, *worth, report.regimes[each.symbol])
    return table


def _show_limits(console: Console, reading: Reading) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("\nlimit", no_wrap=True)
    for name in ("now", "may be", "room"):
        table.add_column(f"\n{name}", justify="right", no_wrap=True)
    table.add_column("\n")
    for use in reading.uses:
        told = (_told(use, number) for number in (use.value, use.limit, use.room))
        table.add_row(use.name, *told, "" if use.is_within else "beyond")
    console.print(table)


def _told(use: Use, number: float) -> str:
    return {Unit.SHARE: f"{number:.2%}", Unit.COUNT: f"{number:.0f}", Unit.RATIO: f"{number:.3g}"}[use.unit]


def _show_metrics(console: Console, reading: Reading) -> None:
    console.print(f"\nValue at risk by {reading.metrics['method']}.", soft_wrap=True, markup=False)
    for name in SHOWN:
        value = reading.metrics[name]
        told = f"{value:.4f}" if isinstance(value, float) else str(value)
        console.print(f"  {name.replace('_', ' ')}: {told}", markup=False)


def _write(file: Path, picture: str) -> None:
    try:
        file.write_text(picture, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"--svg {file}: {error.strerror or error}", returncode=2) from error
