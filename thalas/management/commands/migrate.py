"""`manage.py migrate`: Django's own, given the time that a new index takes, and short on patience with locks.

Whatever waits for a table's lock holds up everybody who comes after it. So a migration gives
up before they do, and can be tried again; once it has its locks it may work as long as it needs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

# Autovacuum lets go of a table after one second of somebody's waiting for it.
LIMITS = {"lock_timeout": "2s", "statement_timeout": "0", "idle_in_transaction_session_timeout": "60s"}


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        with with_time_to_work(options["database"]):
            super().handle(*args, **options)


@contextmanager
def with_time_to_work(database: str) -> Iterator[None]:
    """Set the limits of a migration on this thread's connection to *database* for the while."""
    connection = connections[database]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for name, value in LIMITS.items():
            cursor.execute(f"SET {name} = '{value}'")
    try:
        yield
    finally:
        # The connection goes back into the pool, for others.
        if connection.is_usable():
            with connection.cursor() as cursor:
                for name in LIMITS:
                    cursor.execute(f"RESET {name}")
