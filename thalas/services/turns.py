"""One at a time: two transactions that take the same turn follow one another."""

import hashlib

from django.db import connection


def take(*names: str) -> None:
    """Wait until no other transaction has the turn that *names* describe, and keep it until this one ends.

    SQLite needs no turns: there one transaction that writes waits for the other as a whole.
    """
    if connection.vendor != "postgresql":
        return
    digest = hashlib.sha256("\x1f".join(names).encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
