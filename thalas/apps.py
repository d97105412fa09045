"""Thalas as a Django app."""

from django.apps import AppConfig
from django.conf import settings

from thalas import logs


class ThalasConfig(AppConfig):
    """Name the app, and set up logging before anything logs; its models are in `thalas.models`."""

    name = "thalas"
    verbose_name = "Thalas"

    def ready(self) -> None:
        """Log as JSON lines at the level that the environment sets."""
        logs.configure(settings.HOUSE.thalas_log_level)
