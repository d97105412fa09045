"""`manage.py api_key create | list | rotate | revoke`: the keys of the HTTP API."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from thalas import models
from thalas.domain import durations
from thalas.domain.scopes import SCOPES
from thalas.management.base import HouseCommand, who
from thalas.selectors import clock
from thalas.selectors import keys as known
from thalas.services import keys
from thalas.services.keys import Limits, MadeKey

NEVER = "never"


class Command(HouseCommand):
    help = "Make, list, rotate and revoke keys of the HTTP API; a secret is shown once and not kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        words = parser.add_subparsers(dest="word", required=True, metavar="create | list | rotate | revoke")
        create = words.add_parser("create", help="make a key and show it once")
        create.add_argument("name", help="whose key it is")
        create.add_argument("--scopes", required=True, help=f"with commas: {', '.join(sorted(SCOPES))}")
        create.add_argument("--expires", default="90d", help=f"such as 90d, or {NEVER}; default 90d")
        create.add_argument("--account", default="demo", help="whose runs it may see and open")
        usual = Limits()
        create.add_argument("--per-second", type=int, default=usual.per_second, metavar="N")
        create.add_argument("--per-minute", type=int, default=usual.per_minute, metavar="N")
        create.add_argument("--per-hour", type=int, default=usual.per_hour, metavar="N")
        words.add_parser("list", help="list the keys, without their secrets")
        rotate = words.add_parser("rotate", help="make a key in place of another")
        rotate.add_argument("prefix")
        rotate.add_argument("--overlap", default="1d", help="how long both work, such as 1d; default 1d")
        revoke = words.add_parser("revoke", help="revoke a key at once and for good")
        revoke.add_argument("prefix")

    def handle(self, *args: Any, **options: Any) -> None:
        words = {
            "create": self._create,
            "list": self._list,
            "rotate": self._rotate,
            "revoke": self._revoke,
        }
        words[options["word"]](options, clock.now())

    def _create(self, options: dict[str, Any], now: datetime) -> None:
        typed = options["expires"]
        made = keys.create(
            name=options["name"],
            scopes=[scope.strip() for scope in options["scopes"].split(",") if scope.strip()],
            account=options["account"],
            expires_at=None if typed == NEVER else now + durations.parsed("expires", typed),
            limits=Limits(options["per_second"], options["per_minute"], options["per_hour"]),
            by=who(),
            now=now,
        )
        self._show(made)

    def _rotate(self, options: dict[str, Any], now: datetime) -> None:
        overlap = durations.parsed("overlap", options["overlap"])
        made = keys.rotate(options["prefix"], overlap=overlap, by=who(), now=now)
        self._show(made)
        old = known.find(options["prefix"])
        self.stdout.write(f"{old.prefix} works until {_moment(old.expires_at)}.")

    def _show(self, made: MadeKey) -> None:
        key = made.key
        self.stdout.write(made.shown)
        self.stdout.write(
            f"This is shown once. It opens {', '.join(key.scopes)} of account {key.account_id} "
            f"until {_moment(key.expires_at)}; {_limits(key)}."
        )

    def _list(self, _options: dict[str, Any], now: datetime) -> None:
        every = known.every()
        for key in every:
            self.stdout.write(
                f"{key.prefix}  {_state(key, now)}  {key.name}  account {key.account_id}  "
                f"{','.join(key.scopes)}  until {_moment(key.expires_at)}  "
                f"last used {_moment(key.last_used_at)}  {_limits(key)}"
            )
        if not every:
            self.stdout.write("There is no key yet; `manage.py api_key create NAME --scopes …` makes one.")

    def _revoke(self, options: dict[str, Any], now: datetime) -> None:
        key = keys.revoke(options["prefix"], by=who(), now=now)
        self.stdout.write(f"{key.prefix} ({key.name}) is revoked and opens nothing any more.")


def _state(key: models.ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "good   " if known.is_good(key, now=now) else "expired"


def _moment(at: datetime | None) -> str:
    return NEVER if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _limits(key: models.ApiKey) -> str:
    return f"{key.per_second}/s, {key.per_minute}/min, {key.per_hour}/h"
