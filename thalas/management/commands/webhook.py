"""`manage.py webhook`: who hears of decisions, and whether they would."""

import sys
from typing import Any

from django.core.management.base import CommandParser
from rich.table import Table

from thalas import models
from thalas.management.base import ERROR, HouseCommand, who
from thalas.selectors import accounts, clock, webhooks
from thalas.services import webhooks as changing


class Command(HouseCommand):
    help = "List, create and delete webhooks, or send one a signed greeting."

    def add_arguments(self, parser: CommandParser) -> None:
        ways = parser.add_subparsers(dest="way", required=True, metavar="list | create | delete | test")
        ways.add_parser("list", help="all webhooks and how many tellings are pending or given up")
        create = ways.add_parser("create", help="let an address hear of decisions; shows its secret once")
        create.add_argument("url")
        create.add_argument("--account", default=accounts.DEMO, help="whose decisions (default: demo)")
        for way, told in (
            ("delete", "delete one"),
            ("test", "send one a signed greeting; exit 1 if it fails"),
        ):
            ways.add_parser(way, help=told).add_argument("id", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        ways = {"list": self._list, "create": self._create, "delete": self._delete, "test": self._test}
        ways[options["way"]](options)

    def _list(self, _options: dict[str, Any]) -> None:
        table = Table("id", "account", "url", "pending", "given up", box=None, pad_edge=False)
        states = models.WebhookDelivery.State
        for hook in models.Webhook.objects.order_by("pk"):
            counts = [
                hook.deliveries.filter(state=state).count() for state in (states.PENDING, states.GIVEN_UP)
            ]
            table.add_row(str(hook.pk), hook.account_id, hook.shown, *map(str, counts))
        self.console.print(table, markup=False)

    def _create(self, options: dict[str, Any]) -> None:
        account = accounts.get(options["account"])
        made = changing.create(options["url"], account=account.pk, by=who(), now=clock.now())
        self.stdout.write(f"webhook {made.pk} hears of each decision of {account.pk} from now on")
        self.stdout.write(f"secret, shown this once: {made.secret}")

    def _delete(self, options: dict[str, Any]) -> None:
        changing.delete(options["id"], account=None, by=who(), now=clock.now())
        self.stdout.write(f"webhook {options['id']} is deleted")

    def _test(self, options: dict[str, Any]) -> None:
        outcome = changing.ping(webhooks.get(options["id"]), now=clock.now())
        self.stdout.write(f"webhook {options['id']}: {outcome.error or f'took it with {outcome.status}'}")
        if not outcome.is_delivered:
            sys.exit(ERROR)
