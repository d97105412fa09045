"""Housekeeping: forget what is too old to keep."""

from django.conf import settings

from tasks import guard
from thalas.celery import app
from thalas.selectors import clock
from thalas.services import retention


@app.task(name="tasks.housekeeping.prune", ignore_result=True)
@guard.never_raises
def prune(**_newer: object) -> str:
    """Delete runs older than the retention that the environment sets."""
    removed = retention.prune(keep_days=settings.HOUSE.thalas_retention_days, now=clock.now())
    return f"{removed} runs removed"
