"""Insert rows without building the statement anew for every call, which takes longer than running it.

Only for what every run stores; the rest asks Django. Rows are not told a key that the database gives them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

# At a time: few enough that no database runs out of placeholders for one statement.
MOST_ROWS = 32


def put(rows: Sequence[models.Model], *, or_leave: bool = False) -> None:
    """Insert *rows*, all of one model; with *or_leave*, those that are there already stay as they are."""
    for start in range(0, len(rows), MOST_ROWS):
        some = rows[start : start + MOST_ROWS]
        model = type(some[0])
        values = [
            field.get_db_prep_save(getattr(row, field.attname), connection)
            for row in some
            for field in _fields(model)
        ]
        with connection.cursor() as cursor:
            cursor.execute(_statement(model, len(some), or_leave), values)
        for row in some:
            row._state.adding, row._state.db = False, connection.alias


@lru_cache(maxsize=32)
def _fields(model: type[models.Model]) -> "tuple[models.Field[Any, Any], ...]":
    """Return all fields of *model* but a key that the database gives."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField))


@lru_cache(maxsize=256)
def _statement(model: type[models.Model], rows: int, or_leave: bool) -> str:
    fields = _fields(model)
    row = f"({', '.join(['%s'] * len(fields))})"
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(str(field.column) for field in fields)}) "  # noqa: S608
        f"VALUES {', '.join([row] * rows)}{' ON CONFLICT DO NOTHING' if or_leave else ''}"
    )
