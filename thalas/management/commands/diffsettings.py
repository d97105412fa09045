"""`manage.py diffsettings`: Django's list of settings, which people paste into letters, without secrets."""

from typing import Any

from django.conf import settings
from django.core.management.commands import diffsettings

from providers.masks import Mask


class Command(diffsettings.Command):
    def handle(self, **options: Any) -> str:
        return Mask(settings.SECRETS, instead="[secret]").clean(str(super().handle(**options)))
