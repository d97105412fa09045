"""Rows of one table as models, by a condition written out as SQL.

Django would build the statement anew for every call, which takes ten times what running it takes.
Only for what every run asks; the rest asks Django.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.models.base import ModelState

from thalas.selectors import clock

Reader: TypeAlias = Callable[[Any], Any]
M = TypeVar("M", bound=models.Model)
# What every database takes as it is.
PLAIN = (int, str, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Table:
    """A model's table as one vendor's database knows it.

    key      the place of its primary key among the columns
    readers  by a column's place, what makes a Python value of the database's, in their order
    """

    columns: str
    key: int
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


def first_now(model: type[M], where: str, **values: object) -> tuple[M, datetime] | None:
    """Return the first of the rows that `find` would, and the database's time; None if there is none."""
    table = table_of(model, connection.vendor)
    columns = f"{table.columns}, {clock.NOW[connection.vendor]}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {model._meta.db_table} WHERE {where}", adapted(values))  # noqa: S608 - our own names
        row = cursor.fetchone()
    return None if row is None else (made(model, table, row[:-1]), clock.aware(row[-1]))


def find_beside(
    parts: Sequence[tuple[type[models.Model], str]], rest: str, **values: object
) -> list[tuple[Any, ...]]:
    """Return rows of several tables side by side, each *part* by its model and its table's name in *rest*.

    None stands where an outer join found no row; one that stands beside several others is one object.
    """
    sql, tables = _beside(tuple(parts), connection.vendor)
    known: list[dict[Any, models.Model]] = [{} for _ in tables]
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} {rest}", adapted(values))
        return [_told_apart(row, tables, known) for row in cursor.fetchall()]


@lru_cache(maxsize=32)
def _beside(
    parts: tuple[tuple[type[models.Model], str], ...], vendor: str
) -> tuple[str, tuple[tuple[type[models.Model], Table], ...]]:
    """Return the beginning of a statement that reads *parts*, and the table of each."""
    tables = tuple((model, table_of(model, vendor)) for model, _ in parts)
    columns = (
        f"{alias}.{column}"
        for (_, alias), (_, table) in zip(parts, tables, strict=True)
        for column in table.columns.split(", ")
    )
    return f"SELECT {', '.join(columns)} FROM", tables


def _told_apart(
    row: tuple[Any, ...],
    tables: tuple[tuple[type[models.Model], Table], ...],
    known: list[dict[Any, models.Model]],
) -> tuple[models.Model | None, ...]:
    found: list[models.Model | None] = []
    start = 0
    for (model, table), made_before in zip(tables, known, strict=True):
        end = start + len(table.names)
        key = row[start + table.key]
        if key is not None and key not in made_before:
            made_before[key] = made(model, table, row[start:end])
        found.append(made_before.get(key))
        start = end
    return tuple(found)


def listed(values: Iterable[object]) -> tuple[str, dict[str, object]]:
    """Return the right side of an IN for *values*, and what fills its placeholders."""
    named = {f"listed_{number}": value for number, value in enumerate(values)}
    return f"({', '.join(f'%({name})s' for name in named)})", named


def made(model: type[M], table: Table, row: tuple[Any, ...]) -> M:
    """Return the *model* that *row* holds, its values in the order of *table*'s columns.

    Not by the model's own `from_db`: that takes five times as long, for two signals that nobody hears, and
    for each value a descriptor that would forget related objects, of which a new one has none.
    """
    values = list(row)
    for place, reader in table.readers:
        values[place] = reader(values[place])
    new = model.__new__(model)
    state = ModelState()
    state.adding, state.db = False, DEFAULT_DB_ALIAS
    new.__dict__.update(zip(table.names, values, strict=True), _state=state)
    return new


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
        key=next(place for place, field in enumerate(fields) if field.primary_key),
        names=tuple(field.attname for field in fields),
        readers=tuple(
            (place, partial(reader, expression=column, connection=unopened))
            for place, column in enumerate(columns)
            for reader in unopened.ops.get_db_converters(column) + column.get_db_converters(unopened)
        ),
    )


def adapted(values: Mapping[str, object]) -> dict[str, Any]:
    """Return *values* as Django's own fields hand them to the database."""
    operations = connection.ops
    return {
        name: value if type(value) in PLAIN else _adapt(value, operations) for name, value in values.items()
    }


def _adapt(value: object, operations: BaseDatabaseOperations) -> object:
    if isinstance(value, datetime):
        return operations.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return operations.adapt_datefield_value(value)
    if isinstance(value, UUID):
        return value if operations.connection.features.has_native_uuid_field else value.hex
    if isinstance(value, Decimal):
        return operations.adapt_decimalfield_value(value, 12, 6)
    if isinstance(value, list):
        return operations.adapt_json_value(value, None)
    return value
