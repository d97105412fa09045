"""`manage.py risk_report`: what an account holds, what that risks, and how much of each limit is used."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from rich.console import Console
from rich.table import Table

from thalas.management import plots
from thalas.management.base import HouseCommand
from thalas.selectors import accounts, clock, reports
from thalas.selectors.reports import Report

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
        console.print(
            f"Account {report.account.pk}: {report.equity_usd:,.2f} USD at {report.market_at:%Y-%m-%d %H:%M} "
            f"market time, limits version {report.account.limits_version}. It is all paper."
        )
        _show_positions(console, report)
        _show_limits(console, report)
        console.print(f"Value at risk by {report.metrics['method']}.", soft_wrap=True)
        for name in SHOWN:
            value = report.metrics[name]
            told = f"{value:.4f}" if isinstance(value, float) else str(value)
            console.print(f"  {name.replace('_', ' ')}: {told}")
        if options["svg"]:
            options["svg"].write_text(plots.equity(report), encoding="utf-8")
            console.print(f"The curve of the equity is in {options['svg']}")


def _show_positions(console: Console, report: Report) -> None:
    if not report.holdings:
        console.print("No positions; `manage.py demo_account` makes some on paper.")
        return
    table = Table(*("symbol", "amount", "entry", "price", "value USD", "of equity", "gain USD", "regime"))
    for each in report.holdings:
        table.add_row(
            each.symbol,
            f"{each.amount:.6g}",
            f"{each.entry_price:,.2f}",
            f"{each.price:,.2f}",
            f"{each.value_usd:,.2f}",
            f"{abs(each.value_usd) / report.equity_usd:.1%}",
            f"{each.gain_usd:+,.2f}",
            report.regimes[each.symbol],
        )
    console.print(table)
    for hold in report.holds:
        if hold.is_open:
            console.print(f"Held free for an approved decision: {hold.size_usd:+,.2f} USD of {hold.symbol}")


def _show_limits(console: Console, report: Report) -> None:
    table = Table("limit", "now", "may be", "")
    for use in report.uses:
        share = use.name not in ("positions", "leverage")
        now, most = (
            (f"{use.value:.2%}", f"{use.limit:.2%}") if share else (f"{use.value:g}", f"{use.limit:g}")
        )
        table.add_row(use.name, now, most, "" if use.is_within else "beyond")
    console.print(table)
