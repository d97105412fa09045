"""The admin. Not empty, because Django's autodiscovery imports `thalas.admin` and nothing below it."""

from thalas.admin import accounts, budgets, desks, doors, houses, keys, runs, schedules, strangers, voters

__all__ = [
    "accounts",
    "budgets",
    "desks",
    "doors",
    "houses",
    "keys",
    "runs",
    "schedules",
    "strangers",
    "voters",
]
