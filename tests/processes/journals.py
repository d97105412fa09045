"""What PostgreSQL itself notes of each change to windows and ledger, and whether every commit kept the caps.

A window's row is locked from its change until the commit, so that its lines are in the order of their
commits. If each begins where the one before it ended, none adds up to more than the cap, and each
transaction moves windows and ledger by the same amount, then no commit was ever wrong.
"""

from django.db import connection

KEEP = """
    CREATE TABLE budget_journal (
        id bigserial PRIMARY KEY, tx xid8 NOT NULL DEFAULT PG_CURRENT_XACT_ID(),
        what text NOT NULL, window_id bigint, was bigint NOT NULL, becomes bigint NOT NULL, cap bigint
    );
    CREATE FUNCTION note_window() RETURNS trigger AS $$
    BEGIN
        IF NEW.kind = 'provider' THEN
            INSERT INTO budget_journal (what, window_id, was, becomes, cap)
            SELECT NEW.measure, NEW.id, CASE TG_OP WHEN 'INSERT' THEN 0 ELSE OLD.committed END, NEW.committed,
                   cap.amount
            FROM thalas_budgetcap cap
            WHERE cap.kind = NEW.kind AND cap.subject = NEW.subject AND cap.measure = NEW.measure;
        END IF;
        RETURN NEW;
    END $$ LANGUAGE plpgsql;
    CREATE FUNCTION note_entry() RETURNS trigger AS $$
    BEGIN
        INSERT INTO budget_journal (what, was, becomes)
        SELECT 'ledger', CASE TG_OP WHEN 'INSERT' THEN 0
                         ELSE COALESCE(OLD.booked_usd, OLD.reserved_usd) * 1000000 END,
               COALESCE(NEW.booked_usd, NEW.reserved_usd) * 1000000;
        RETURN NEW;
    END $$ LANGUAGE plpgsql;
    CREATE TRIGGER note_window AFTER INSERT OR UPDATE ON thalas_budgetwindow
        FOR EACH ROW EXECUTE FUNCTION note_window();
    CREATE TRIGGER note_entry AFTER INSERT OR UPDATE ON thalas_spendentry
        FOR EACH ROW EXECUTE FUNCTION note_entry();
"""
FORGET = """
    DROP TRIGGER note_window ON thalas_budgetwindow;
    DROP TRIGGER note_entry ON thalas_spendentry;
    DROP FUNCTION note_window, note_entry;
    DROP TABLE budget_journal;
"""
WRONG = """
    SELECT 'above its cap', window_id, becomes FROM budget_journal WHERE becomes > was AND becomes > cap
    UNION ALL
    SELECT 'does not go on', window_id, becomes FROM (
        SELECT *, LAG(becomes, 1, 0::bigint) OVER (PARTITION BY window_id ORDER BY id) AS before
        FROM budget_journal WHERE window_id IS NOT NULL
    ) lines WHERE was <> before
    UNION ALL
    SELECT 'not what the ledger says', MIN(window_id), MAX(becomes) FROM budget_journal GROUP BY tx
    HAVING COALESCE(SUM(becomes - was) FILTER (WHERE what = 'ledger'), 0)
           <> COALESCE(SUM(becomes - was) FILTER (WHERE what = 'usd_per_day'), 0)
        OR COALESCE(SUM(becomes - was) FILTER (WHERE what = 'ledger'), 0)
           <> COALESCE(SUM(becomes - was) FILTER (WHERE what = 'usd_per_month'), 0)
"""


def keep() -> None:
    """Begin to note every change; nothing on SQLite."""
    _run(KEEP)


def forget() -> None:
    """Stop, and forget what was noted."""
    _run(FORGET)


def commits() -> int:
    """Return how many transactions were noted; 0 on SQLite."""
    rows = _run("SELECT COUNT(DISTINCT tx) FROM budget_journal")
    return int(rows[0][0]) if rows else 0  # type: ignore[call-overload]


def wrong() -> list[tuple[object, ...]]:
    """Return each commit that passed a cap, or moved a window otherwise than the ledger."""
    return _run(WRONG)


def _run(sql: str) -> list[tuple[object, ...]]:
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall()) if cursor.description else []
