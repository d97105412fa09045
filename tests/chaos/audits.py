"""The harness's own record inside the database: each change of a run's state, each decision filed."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.rows import class_row

INSTALL = """
CREATE TABLE chaos_audit (
    what text NOT NULL, run_id uuid NOT NULL, state text NOT NULL, closed_by text NOT NULL
);
CREATE FUNCTION chaos_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO chaos_audit VALUES ('opened', NEW.id, NEW.state, NEW.closed_by);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO chaos_audit VALUES ('deleted', OLD.id, OLD.state, OLD.closed_by);
    ELSIF (OLD.state, OLD.closed_at, OLD.closed_by) IS DISTINCT FROM (NEW.state, NEW.closed_at, NEW.closed_by)
    THEN
        INSERT INTO chaos_audit VALUES ('changed', NEW.id, NEW.state, NEW.closed_by);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION chaos_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos_audit VALUES ('decision', COALESCE(NEW.run_id, OLD.run_id), lower(TG_OP), '');
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_run AFTER INSERT OR UPDATE OR DELETE ON thalas_run
    FOR EACH ROW EXECUTE FUNCTION chaos_run();
CREATE TRIGGER chaos_decision AFTER INSERT OR UPDATE OR DELETE ON thalas_decision
    FOR EACH ROW EXECUTE FUNCTION chaos_decision();
"""
# A row's own transaction says when it was committed; the trigger's clock would say when it was written.
READ = """
SELECT what, run_id, state, closed_by, pg_xact_commit_timestamp(xmin) AS at FROM chaos_audit ORDER BY at
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was committed, and when.

    what  opened, changed or deleted for a run; decision for anything done to its decision
    """

    what: str
    run_id: UUID
    state: str
    closed_by: str
    at: datetime


def install(line: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Begin to record."""
    line.execute(INSTALL)


def read(line: "psycopg.Connection[tuple[object, ...]]") -> dict[UUID, list[Entry]]:
    """Return what happened to each run, in order."""
    found: dict[UUID, list[Entry]] = defaultdict(list)
    with line.cursor(row_factory=class_row(Entry)) as cursor:
        for entry in cursor.execute(READ):
            found[entry.run_id].append(entry)
    return dict(found)
