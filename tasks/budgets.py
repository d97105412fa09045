"""Looking after budgets: notices of what fills, and what calls left behind."""

from tasks import guard
from thalas.celery import app
from thalas.selectors import clock
from thalas.services import notices


@app.task(name="tasks.budgets.look_after", ignore_result=True)
@guard.never_raises
def look_after(**_newer: object) -> str:
    """Notice budgets that fill, book calls that nobody settled, forget minutes that are over."""
    now = clock.now()
    noticed, lost, forgotten = notices.notice(now=now), notices.book_lost(now=now), notices.tidy(now=now)
    return f"{noticed} noticed, {lost} booked as lost, {forgotten} minutes forgotten"
