"""`manage.py sync_voters`: seat the voters that the environment offers."""

from typing import Any

from django.conf import settings

from thalas import roster
from thalas.management import keys
from thalas.management.base import HouseCommand
from thalas.selectors import budgets
from thalas.services import voters


class Command(HouseCommand):
    help = "Bring the voters' rows in line with the environment; a person's own switches are kept."

    def handle(self, *args: Any, **options: Any) -> None:
        specs = roster.specs(settings.THALAS)
        capped = budgets.usd_a_day()
        new = voters.sync(specs, roster.caps_usd(settings.THALAS))
        self.stdout.write(f"{len(specs)} voters are seated; new: {', '.join(new) or 'none'}.")
        self._tell_file()
        for provider in settings.THALAS.providers:
            if provider.name in budgets.usd_a_day().keys() - capped.keys():
                self.stdout.write(keys.announcement(provider))
        for notice in settings.THALAS.notices:
            self.stdout.write(notice)

    def _tell_file(self) -> None:
        file = settings.THALAS.house.thalas_voters_file
        if file is None:
            return
        absent = roster.absent(settings.THALAS)
        seated = [seat.name for seat in settings.THALAS.voters if seat.name not in absent]
        self.stdout.write(f"From {file}: {', '.join(seated) or 'none'}.")
        for seat in settings.THALAS.voters:
            if seat.name in absent:
                self.stdout.write(f"Not seated from {file}: {seat.name}: {absent[seat.name]}.")
