"""The database's clock: deadlines, leases and slots are measured by it, whatever a machine's own says."""

from datetime import UTC, datetime

from django.db import connection

# Percent signs twice, as in every statement with placeholders.
NOW = {"sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')", "postgresql": "clock_timestamp()"}


def now() -> datetime:
    """Return the database's time, aware UTC."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NOW[connection.vendor]}", ())
        return aware(cursor.fetchone()[0])


def aware(value: str | datetime) -> datetime:
    """Return a moment as a database hands it out, aware UTC: SQLite keeps text."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
