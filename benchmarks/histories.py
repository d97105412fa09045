"""A long history in the database, made from one real run by the database itself."""

from typing import Any
from uuid import UUID

from django.db import connection

from benchmarks import house  # noqa: F401  # sets Django up before the models are imported
from thalas import models

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
IDS = {
    "postgresql": "('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid",
    "sqlite": "printf('00000000000070008000%%012x', i)",
}
EARLIER = {
    "postgresql": "{0} - i * interval '1 minute'",
    "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', {0}, '-' || i || ' minutes')",
}
SETTLED = {
    "postgresql": ("VACUUM (ANALYZE)", "CHECKPOINT"),
    "sqlite": ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)"),
}
TIMES = ("opened_at", "deadline_at", "closed_at")


def grow(model_run: str, *, votes: int) -> list[UUID]:
    """Copy a closed run, each copy a minute older, until there are so many *votes*; return some ids."""
    pk, vendor = UUID(model_run), connection.vendor
    count = votes // models.Vote.objects.filter(run=pk).count()
    with connection.cursor() as cursor:
        if vendor == "postgresql":
            cursor.execute("SET statement_timeout = 0")
        _copy(cursor, models.Run, pk, count, id=IDS[vendor], **{t: EARLIER[vendor].format(t) for t in TIMES})
        opened = EARLIER[vendor].format("opened_at")
        _copy(cursor, models.RunSymbol, pk, count, run_id=IDS[vendor], opened_at=opened)
        _copy(cursor, models.Vote, pk, count, run_id=IDS[vendor])
        _copy(cursor, models.Decision, pk, count, run_id=IDS[vendor])
        _copy(cursor, models.DecisionLeg, pk, count, decision_id=IDS[vendor])
        # As a house that has run for months stands: its database has cleaned up behind these rows long ago.
        for sql in SETTLED[vendor]:
            cursor.execute(sql)
    return [UUID(int=0x7000_8000_0000_0000_0000 + i) for i in range(1, count, max(1, count // 500))]


def _copy(cursor: Any, model: Any, pk: UUID, count: int, **changed: str) -> None:
    """Insert *count* copies of the rows of *model* that belong to the run, with columns *changed*."""
    key = next(iter(changed))
    columns = [field.column for field in model._meta.local_fields if not _is_counted(field, key)]
    names = ", ".join(f'"{column}"' for column in columns)
    values = ", ".join(changed.get(column, f'"{column}"') for column in columns)
    table = model._meta.db_table
    where = pk if connection.vendor == "postgresql" else pk.hex
    cursor.execute(
        f'INSERT INTO {table} ({names}) {NUMBERS} SELECT {values} FROM {table}, n WHERE "{key}" = %s',  # noqa: S608
        [count, where],
    )


def _is_counted(field: Any, key: str) -> bool:
    """Say whether the database numbers this column by itself."""
    return bool(field.primary_key and field.column == "id" and key != "id")
