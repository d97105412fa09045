"""The ledger's statements: all caps of a call are held together or none is, in one step.

The rows that hold the caps are locked in the order of their ids, so that no two calls wait for each
other, and only while one statement runs: a lock that waited for Python between two statements would
make every other call wait, too. PostgreSQL does each step in one statement; SQLite, which knows one
writer at a time, in one short transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Amounts, Measure, Subject
from thalas.selectors import rows

# The caps that a call counts against, each with the window that holds now and what the call takes of it.
# What takes nothing of a cap does not wait for it.
DUE = """
    SELECT * FROM (
        SELECT cap.kind, cap.subject, cap.measure, cap.amount,
               CASE cap.measure
                   WHEN 'requests_per_minute' THEN %(requests)s
                   WHEN 'tokens_per_minute' THEN %(tokens)s
                   WHEN 'tokens_per_day' THEN %(tokens)s
                   ELSE %(microusd)s
               END AS wanted,
               CASE cap.measure
                   WHEN 'requests_per_minute' THEN %(minute)s
                   WHEN 'tokens_per_minute' THEN %(minute)s
                   WHEN 'usd_per_month' THEN %(month)s
                   ELSE %(day)s
               END AS starts_at
        FROM thalas_budgetcap cap
        WHERE (cap.kind = 'voter' AND cap.subject = %(voter)s)
           OR (cap.kind = 'provider' AND cap.subject = %(provider)s)
           OR (cap.kind = 'account' AND cap.subject = %(account)s)
    ) all_due
    WHERE wanted > 0
"""
# Money without a cap on it is not spent: a provider that nobody has given one may cost nothing.
HAS_CAP = """
    (%(microusd)s = 0
     OR EXISTS (SELECT 1 FROM due WHERE kind = 'provider' AND measure IN ('usd_per_day', 'usd_per_month')))
"""
ENTRY = """
    INSERT INTO thalas_spendentry
        (provider_id, voter, account, vote_id, spent_on, reserved_usd, reserved_tokens, reserved_requests,
         reserved_at)
"""
ENTERED = """
    %(provider)s, %(voter)s, %(account)s, %(vote_id)s, %(spent_on)s, %(reserved_usd)s, %(tokens)s,
    %(requests)s, %(now)s
"""
# FOR UPDATE reads each row anew once it has its lock, so *fits* is judged by what is there then.
RESERVE_AT_ONCE = f"""
    WITH due AS ({DUE}),
    held AS (
        SELECT win.id, due.wanted, win.committed + due.wanted <= due.amount AS fits
        FROM thalas_budgetwindow win
        JOIN due ON win.kind = due.kind AND win.subject = due.subject AND win.measure = due.measure
                AND win.starts_at = due.starts_at
        ORDER BY win.id
        FOR NO KEY UPDATE OF win
    ),
    allowed AS (
        SELECT 1 FROM held
        HAVING COALESCE(BOOL_AND(fits), TRUE) AND COUNT(*) = (SELECT COUNT(*) FROM due) AND {HAS_CAP}
    ),
    committed AS (
        UPDATE thalas_budgetwindow win SET committed = win.committed + held.wanted
        FROM held
        WHERE win.id = held.id AND EXISTS (SELECT 1 FROM allowed)
    )
    {ENTRY} SELECT {ENTERED} FROM allowed
    RETURNING id
"""  # noqa: S608 - our own texts
BOOK_ENTRY = """
    UPDATE thalas_spendentry
    SET booked_usd = %(booked_usd)s, booked_tokens = %(booked_tokens)s,
        booked_requests = %(booked_requests)s, settled_at = %(now)s
    WHERE id = %(entry_id)s AND settled_at IS NULL
"""
# Every window that counted the call. One whose cap is gone counts no more: if the cap comes back, its
# windows are counted anew, and until then a call that was made without it must not be taken off them.
COUNTED = """
    EXISTS (SELECT 1 FROM thalas_budgetcap cap
            WHERE cap.kind = thalas_budgetwindow.kind AND cap.subject = thalas_budgetwindow.subject
              AND cap.measure = thalas_budgetwindow.measure) AND
    ((kind = 'voter' AND subject = %(voter)s) OR (kind = 'provider' AND subject = %(provider)s)
     OR (kind = 'account' AND subject = %(account)s))
    AND ((measure IN ('requests_per_minute', 'tokens_per_minute') AND starts_at = %(minute)s)
         OR (measure IN ('tokens_per_day', 'usd_per_day') AND starts_at = %(day)s)
         OR (measure = 'usd_per_month' AND starts_at = %(month)s))
"""
CORRECTED = """
    CASE measure
        WHEN 'requests_per_minute' THEN %(more_requests)s
        WHEN 'tokens_per_minute' THEN %(more_tokens)s
        WHEN 'tokens_per_day' THEN %(more_tokens)s
        ELSE %(more_microusd)s
    END
"""
# A server that crashes in the next moments may forget a settlement: the call is then booked at its
# worst. For that the row is not locked until the disk has it, which those who reserve wait for.
SETTLE_AT_ONCE = f"""
    WITH hurried AS (
        SELECT SET_CONFIG('synchronous_commit',
                          CASE WHEN %(is_less)s THEN 'off' ELSE CURRENT_SETTING('synchronous_commit') END,
                          TRUE) AS how
    ),
    booked AS ({BOOK_ENTRY} AND EXISTS (SELECT 1 FROM hurried WHERE how IS NOT NULL) RETURNING 1),
    held AS (
        SELECT id, {CORRECTED} AS more FROM thalas_budgetwindow
        WHERE {COUNTED} AND EXISTS (SELECT 1 FROM booked)
        ORDER BY id
        FOR NO KEY UPDATE
    )
    UPDATE thalas_budgetwindow win SET committed = win.committed + held.more
    FROM held WHERE win.id = held.id
"""  # noqa: S608
STANDING = f"""
    WITH due AS ({DUE})
    SELECT due.kind, due.subject, due.measure, due.amount, due.wanted, win.id, win.committed
    FROM due
    LEFT JOIN thalas_budgetwindow win
        ON win.kind = due.kind AND win.subject = due.subject AND win.measure = due.measure
        AND win.starts_at = due.starts_at
    ORDER BY due.kind, due.subject, due.measure
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Buyer:
    """Whose call it is: the voter that is asked, who is paid for it, and for whose run."""

    voter: str
    provider: str
    account: str
    vote_id: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """One cap that a call counts against, and what its window holds; *window_id* None for no window yet."""

    kind: Subject
    subject: str
    measure: Measure
    amount: int
    wanted: int
    window_id: int | None
    committed: int

    @property
    def left(self) -> int:
        """Return what may still be committed; never below 0."""
        return max(0, self.amount - self.committed)

    @property
    def fits(self) -> bool:
        """Say whether the cap has room for the call."""
        return self.committed + self.wanted <= self.amount


def reserve(buyer: Buyer, worst: Amounts, *, now: datetime) -> int | None:
    """Hold *worst* under all caps of *buyer* and open an entry; None if one has no room, or no row yet."""
    values = _wanted(buyer, worst, now)
    values |= {"vote_id": buyer.vote_id, "spent_on": now.date(), "now": now}
    values |= {"reserved_usd": words.usd(worst.microusd)}
    if connection.vendor == "postgresql":
        row = _one(RESERVE_AT_ONCE, values)
        return None if row is None else int(row[0])
    with transaction.atomic():
        return _reserve_in_steps(worst, rows.adapted(values))


def settle(
    entry_id: int, buyer: Buyer, *, worst: Amounts, used: Amounts, reserved_at: datetime, now: datetime
) -> bool:
    """Book *used* in place of *worst*; say whether this was the first to do so."""
    values = _windows(buyer, reserved_at)
    values |= {"entry_id": entry_id, "booked_usd": words.usd(used.microusd), "now": now}
    values |= {"booked_tokens": used.tokens, "booked_requests": used.requests}
    more = Amounts(used.requests - worst.requests, used.tokens - worst.tokens, used.microusd - worst.microusd)
    values |= {f"more_{name}": getattr(more, name) for name in Amounts.__slots__}
    if connection.vendor == "postgresql":
        return bool(_change(SETTLE_AT_ONCE, {**values, "is_less": more.microusd <= 0}))
    with transaction.atomic():
        if not _change(BOOK_ENTRY, values):
            return False
        sql = f"UPDATE thalas_budgetwindow SET committed = committed + {CORRECTED} WHERE {COUNTED}"  # noqa: S608
        _change(sql, values)
        return True


def standings(buyer: Buyer, worst: Amounts, *, now: datetime) -> list[Standing]:
    """Return the caps that a call of *worst* would count against, and how full each is."""
    return _standings(_wanted(buyer, worst, now))


def _standings(values: Mapping[str, object]) -> list[Standing]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, rows.adapted(values))
        return [
            Standing(Subject(kind), subject, Measure(measure), amount, int(wanted), row_id, committed or 0)
            for kind, subject, measure, amount, wanted, row_id, committed in cursor.fetchall()
        ]


def lacks_cap(caps: Sequence[Standing], worst: Amounts) -> bool:
    """Say whether a call of *worst* costs money, and no cap of *caps* holds what its provider may cost."""
    return worst.microusd > 0 and not any(
        cap.kind is Subject.PROVIDER and cap.measure in words.MONEY for cap in caps
    )


def open_windows(buyer: Buyer, worst: Amounts, *, now: datetime) -> None:
    """Make the windows that are not there yet."""
    began = words.starts(now)
    missing = [cap for cap in standings(buyer, worst, now=now) if cap.window_id is None]
    models.BudgetWindow.objects.bulk_create(
        [
            models.BudgetWindow(
                kind=cap.kind.value,
                subject=cap.subject,
                measure=cap.measure.value,
                starts_at=began.of(cap.measure),
            )
            for cap in missing
        ],
        ignore_conflicts=True,
    )


def _reserve_in_steps(worst: Amounts, values: Mapping[str, object]) -> int | None:
    """Do as the one statement does, in a transaction that holds the database's only write lock."""
    caps = _standings(values)
    if lacks_cap(caps, worst):
        return None
    if not all(cap.fits and cap.window_id is not None for cap in caps):
        return None
    for cap in caps:
        _change(
            "UPDATE thalas_budgetwindow SET committed = committed + %(wanted)s WHERE id = %(id)s",
            {"wanted": cap.wanted, "id": cap.window_id},
        )
    row = _one(f"{ENTRY} SELECT {ENTERED} RETURNING id", values)
    return None if row is None else int(row[0])


def _wanted(buyer: Buyer, worst: Amounts, now: datetime) -> dict[str, object]:
    taken: dict[str, object] = {name: getattr(worst, name) for name in Amounts.__slots__}
    return _windows(buyer, now) | taken


def _windows(buyer: Buyer, at: datetime) -> dict[str, object]:
    began = words.starts(at)
    return {
        "voter": buyer.voter,
        "provider": buyer.provider,
        "account": buyer.account,
        "minute": began.minute,
        "day": began.day,
        "month": began.month,
    }


def _change(sql: str, values: Mapping[str, object]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, rows.adapted(values))
        return int(cursor.rowcount)


def _one(sql: str, values: Mapping[str, object]) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, rows.adapted(values))
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
