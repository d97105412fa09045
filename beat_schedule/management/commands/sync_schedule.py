"""`manage.py sync_schedule`: put the declared schedules into force, and set up the replay's clock."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from beat_schedule import sync
from thalas.selectors import clock, markets
from thalas.services import replays


class Command(BaseCommand):
    help = "Bring django-celery-beat in line with beat_schedule/entries.py; touches its own rows only."

    def handle(self, *args: Any, **options: Any) -> None:
        now = clock.now()
        tape = replays.resume(markets.market().span(), speed=settings.HOUSE.thalas_replay_speed, now=now)
        told = f"candles of {settings.HOUSE.market} as they close" if markets.is_live() else str(tape)
        changes = sync.sync(now=now)
        added, removed = ", ".join(changes.added) or "none", ", ".join(changes.removed) or "none"
        self.stdout.write(f"Schedules in force; added: {added}; removed: {removed}. {told}.")
        for name in changes.left_alone:
            self.stderr.write(
                f"{name} is declared, and a person's own schedule has that name: left as it is."
            )
