"""Look after budgets: say once that one is nearly or wholly used up, and close what calls left behind.

Found by looking, every few seconds, so that no call waits for it or knows of it.
"""

from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import F

from thalas import models
from thalas.domain import budgets as words
from thalas.domain.budgets import Measure
from thalas.selectors import rows

log = structlog.get_logger(__name__)

# No call lasts so long, its lease and its patience with the database included.
LONGEST_CALL = timedelta(hours=1)
# A day more than needed: the clock of the worker that asks may be wrong, and a window that is made twice
# would not know what it held.
MINUTES_KEPT = timedelta(hours=26)
# Windows that have just ended are looked at once more: what filled one at its end is told, too.
FILLED = """
    SELECT win.id, win.kind, win.subject, win.measure, win.starts_at, win.committed, win.told_pct, cap.amount
    FROM thalas_budgetwindow win
    JOIN thalas_budgetcap cap
        ON cap.kind = win.kind AND cap.subject = win.subject AND cap.measure = win.measure
    WHERE win.starts_at >= %(since)s AND win.measure IN ('tokens_per_day', 'usd_per_day', 'usd_per_month')
      AND cap.amount > 0 AND win.told_pct < 100 AND win.committed * 100 >= cap.amount * 80
    ORDER BY win.id
"""
LATELY = timedelta(minutes=10)


def notice(*, now: datetime) -> int:
    """Say of each window of a day or month that has reached 80 or 100 % of its cap; once, by one of all."""
    since = min(words.starts(now).month, words.starts(now - LATELY).month)
    told = 0
    for window_id, kind, subject, measure, starts_at, committed, told_pct, amount in _filled(since):
        pct = 100 if committed >= amount else 80
        if pct <= told_pct:
            continue
        told += _tell(
            models.BudgetNotice(
                kind=kind,
                subject=subject,
                measure=measure,
                starts_at=rows.value(models.BudgetWindow, "starts_at", starts_at),
                pct=pct,
                committed=committed,
                amount=amount,
                noticed_at=now,
            ),
            window_id,
        )
    return told


def book_lost(*, now: datetime) -> int:
    """Book at its worst what was reserved for calls that nobody settled; return how many there were."""
    lost = models.SpendEntry.objects.filter(settled_at=None, reserved_at__lt=now - LONGEST_CALL)
    booked = lost.update(
        booked_usd=F("reserved_usd"),
        booked_tokens=F("reserved_tokens"),
        booked_requests=F("reserved_requests"),
        settled_at=now,
    )
    if booked:
        log.warning("lost_calls_booked", calls=booked)
    return booked


def tidy(*, now: datetime) -> int:
    """Forget the windows of minutes that are long over; return how many."""
    old = models.BudgetWindow.objects.filter(measure__in=words.MINUTES, starts_at__lt=now - MINUTES_KEPT)
    return old.delete()[0]


def _filled(since: datetime) -> list[tuple[int, str, str, str, datetime, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(FILLED, rows.adapted({"since": since}))
        found: list[tuple[int, str, str, str, datetime, int, int, int]] = cursor.fetchall()
        return found


@transaction.atomic
def _tell(found: models.BudgetNotice, window_id: int) -> bool:
    """Keep the notice and log it, if nobody else has."""
    windows = models.BudgetWindow.objects.filter(pk=window_id, told_pct__lt=found.pct)
    if not windows.update(told_pct=found.pct):
        return False
    models.BudgetNotice.objects.bulk_create([found], ignore_conflicts=True)
    measure = Measure(found.measure)
    log.warning(
        "budget_reached",
        kind=found.kind,
        subject=found.subject,
        measure=found.measure,
        pct=found.pct,
        committed=words.in_words(measure, found.committed, places=6),
        cap=words.in_words(measure, found.amount, places=6),
        starts_at=found.starts_at.isoformat(),
    )
    return True
