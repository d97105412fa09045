"""The admin. Not empty, because Django's autodiscovery imports `thalas.admin` and nothing below it."""

from thalas.admin import accounts, houses, runs, schedules, voters

__all__ = ["accounts", "houses", "runs", "schedules", "voters"]
