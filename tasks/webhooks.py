"""Telling webhooks of decisions, and keeping the audit chain's end outside the database."""

import random
import threading

from tasks import guard
from thalas.celery import app
from thalas.selectors import clock
from thalas.services import audits, webhooks

# One thread of a worker at most is ever busy with receivers: the others are there to close runs.
_turn = threading.Lock()


@app.task(name="tasks.webhooks.deliver", ignore_result=True)
@guard.never_raises
def deliver(**_newer: object) -> str:
    """Notice decisions that webhooks have not heard of, and send what is due."""
    if not _turn.acquire(blocking=False):
        return "busy"
    try:
        noticed = webhooks.notice(now=clock.now())
        sent = webhooks.deliver(now=clock.now(), dice=random.SystemRandom())
    finally:
        _turn.release()
    return f"{noticed} noticed, {sent} sent"


@app.task(name="tasks.webhooks.anchor", ignore_result=True)
@guard.never_raises
def anchor(**_newer: object) -> str:
    """Keep the audit chain's end outside the database."""
    made = audits.anchor(now=clock.now())
    return f"anchored {made.seq}" if made else "nothing new"
