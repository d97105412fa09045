"""Rows of one table as models, by a condition written out as SQL.

Django would build the statement anew for every call, which takes ten times what running it takes.
Only for what every run asks; the rest asks Django.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

Reader: TypeAlias = Callable[[Any], Any]
M = TypeVar("M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Table:
    """A model's table as one vendor's database knows it.

    readers  by a column's place, what makes a Python value of the database's, in their order
    """

    columns: str
    names: tuple[str, ...]
    readers: tuple[tuple[int, Reader], ...]


def find(model: type[M], where: str, **values: object) -> list[M]:
    """Return the rows of *model* that *where* describes, its placeholders filled with *values*."""
    table = table_of(model, connection.vendor)
    sql = f"SELECT {table.columns} FROM {model._meta.db_table} WHERE {where}"  # noqa: S608 - our own names
    with connection.cursor() as cursor:
        cursor.execute(sql, adapted(values))
        return [made(model, table, row) for row in cursor.fetchall()]


def first(model: type[M], where: str, **values: object) -> M | None:
    """Return the first of the rows that `find` would, or None."""
    found = find(model, where, **values)
    return found[0] if found else None


def listed(values: Iterable[object]) -> tuple[str, dict[str, object]]:
    """Return the right side of an IN for *values*, and what fills its placeholders."""
    named = {f"listed_{number}": value for number, value in enumerate(values)}
    return f"({', '.join(f'%({name})s' for name in named)})", named


def made(model: type[M], table: Table, row: tuple[Any, ...]) -> M:
    """Return the *model* that *row* holds, its values in the order of *table*'s columns."""
    values = list(row)
    for place, reader in table.readers:
        values[place] = reader(values[place])
    return model.from_db(DEFAULT_DB_ALIAS, table.names, values)


def value(model: type[models.Model], name: str, stored: Any) -> Any:
    """Return what *stored*, of the column *name* of *model*, is to Python."""
    table = table_of(model, connection.vendor)
    place = table.names.index(name)
    for its_place, reader in table.readers:
        if its_place == place:
            stored = reader(stored)
    return stored


@lru_cache(maxsize=32)
def table_of(model: type[models.Model], vendor: str) -> Table:
    """Return the table of *model* in the database of *vendor*."""
    # One that is never opened: what is remembered here must not keep some thread's connection.
    unopened = connections.create_connection(DEFAULT_DB_ALIAS)
    fields = model._meta.concrete_fields
    columns = [field.get_col(model._meta.db_table) for field in fields]
    return Table(
        columns=", ".join(str(field.column) for field in fields),
        names=tuple(field.attname for field in fields),
        readers=tuple(
            (place, partial(reader, expression=column, connection=unopened))
            for place, column in enumerate(columns)
            for reader in unopened.ops.get_db_converters(column) + column.get_db_converters(unopened)
        ),
    )


def adapted(values: dict[str, object]) -> dict[str, Any]:
    """Return *values* as Django's own fields hand them to the database."""
    return {name: _adapt(value) for name, value in values.items()}


def _adapt(value: object) -> object:
    operations = connection.ops
    if isinstance(value, datetime):
        return operations.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return operations.adapt_datefield_value(value)
    if isinstance(value, UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, Decimal):
        return operations.adapt_decimalfield_value(value, 12, 6)
    if isinstance(value, list):
        return operations.adapt_json_value(value, None)
    return value
