"""`manage.py market [SYMBOL …]`: where candles come from, and what each symbol shows now."""

from argparse import ArgumentParser
from typing import Any

from rich.table import Table

from providers.errors import MarketError
from thalas.errors import BadInput
from thalas.management.base import ERROR, HouseCommand
from thalas.management.console import number, plain
from thalas.selectors import clock, markets
from thalas.selectors.markets import Shown


class Command(HouseCommand):
    help = "Say which market is read, and show each symbol's newest candle and ticker; exit 1 if one fails."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("symbols", nargs="*", metavar="SYMBOL", help="default: all on offer")
        parser.add_argument("--timeframe", default="1d")

    def handle(self, *args: Any, **options: Any) -> None:
        offers = markets.offers()
        wanted = [symbol.upper() for symbol in options["symbols"]] or list(offers)
        for symbol in wanted:
            if symbol not in offers:
                raise BadInput("symbol", symbol, f"the market has {', '.join(offers)}")
        kind = "as they close" if markets.is_live() else "recorded, replayed"
        self.console.print(f"{markets.market().name}: candles {kind}", highlight=False)
        failures = self._show(wanted, options["timeframe"])
        for failure in failures:
            self.console.print(failure, markup=False, highlight=False)
        if failures:
            raise SystemExit(ERROR)

    def _show(self, symbols: list[str], timeframe: str) -> list[str]:
        """Print a row for each of *symbols*; return a line for each that has none."""
        now, failures = clock.now(), []
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("symbol", "last close", "closed at, UTC", "trades at", "bid", "ask", "source"):
            table.add_column(name, no_wrap=name != "source", overflow="fold")
        for symbol in symbols:
            try:
                table.add_row(symbol, *_cells(markets.shown(symbol, timeframe, now=now)))
            except MarketError as error:
                failures.append(f"{symbol}: {plain(str(error))}")
        if table.row_count:
            self.console.print(table)
        return failures


def _cells(shown: Shown) -> tuple[str, ...]:
    series, ticker = shown.series, shown.ticker
    prices = (number(price) for price in (ticker.last, ticker.bid, ticker.ask))
    return (number(series.candles[-1].close), f"{shown.closed_at:%Y-%m-%d %H:%M}", *prices, series.source)
