"""Closing a run: the callback of its chord."""

from uuid import UUID

from tasks import guard
from thalas.celery import app
from thalas.selectors import clock
from thalas.services import closings


@app.task(name="tasks.runs.close", ignore_result=True)
@guard.never_raises
def close(*, run_id: str, **_newer: object) -> str:
    """Aggregate the votes of *run_id*, invoke the risk checks and file the decision, unless someone has."""
    is_closed = closings.close_if_answered(UUID(run_id), by=closings.CHORD, now=clock.now())
    return "closed" if is_closed else "votes_missing"
