"""`manage.py demo_account`: paper positions at real prices, so that the gate has a book to look at."""

from typing import Any

from django.core.management.base import CommandParser

from thalas.management.base import HouseCommand, who
from thalas.selectors import accounts, clock
from thalas.services import paper_accounts


class Command(HouseCommand):
    help = "Give an account paper positions, entered at the replay's prices of some days ago."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", default=accounts.DEMO)
        parser.add_argument("--reset", action="store_true", help="replace the paper positions it has")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["account"]
        positions = paper_accounts.seed(name, by=who(), now=clock.now(), is_reset=options["reset"])
        for position in positions:
            way = "long" if position.amount > 0 else "short"
            told = f"{way} {abs(position.amount).normalize():f} {position.symbol}"
            self.stdout.write(f"{told}, entered at {position.entry_price.normalize():f}")
        self.stdout.write(f"`manage.py risk_report --account {name}` says what that risks. It is all paper.")
