"""Thalas as a Django app."""

from django.apps import AppConfig
from django.conf import settings

from thalas import logs, regime_policies


class ThalasConfig(AppConfig):
    """Name the app, and set up logging before anything logs; its models are in `thalas.models`."""

    name = "thalas"
    verbose_name = "Thalas"

    def ready(self) -> None:
        """Log as JSON lines at the level that the environment sets; read what each regime asks for.

        Raises:  ImproperlyConfigured if the file of policies cannot be used.
        """
        logs.configure(settings.HOUSE.thalas_log_level, settings.SECRETS)
        regime_policies.policies()
