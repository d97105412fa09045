"""Singing: the sign that a queue's messages reach a worker and the worker reaches the database."""

from tasks import guard
from thalas import canaries
from thalas.celery import app
from thalas.selectors import clock


@app.task(name=canaries.SING, ignore_result=True)
@guard.never_raises
def sing(*, queue: str, **_newer: object) -> str:
    """Leave a sign of life of *queue*."""
    return "heard" if canaries.heard(queue, now=clock.now()) else "no such queue"
