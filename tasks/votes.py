"""Asking one voter: the header of a run's chord."""

from uuid import UUID

import structlog

from tasks import guard
from thalas.celery import app
from thalas.selectors import clock
from thalas.services import votes

log = structlog.get_logger(__name__)


@app.task(name="tasks.votes.ask", ignore_result=True)
@guard.never_raises
def ask(*, run_id: str, voter: str, **_newer: object) -> str:
    """Ask *voter* for its vote on *run_id*; whatever happens becomes a recorded value."""
    return votes.ask(run_id=UUID(run_id), voter=voter, clock=clock.now)
