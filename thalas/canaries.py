"""A canary through each queue: a message that comes out at the other end shows that the queue is eaten."""

from datetime import datetime

from thalas.celery import app
from thalas.dispatch import BROKER_AWAY
from thalas.services import guards

SING = "tasks.canaries.sing"
QUEUES = ("votes", "core")
# Later ones have been sent by then; what waited longer than this must not pile up behind an outage.
EXPIRES_S = 10


def send() -> int:
    """Send a canary into each queue; return how many the broker took."""
    sent = 0
    for queue in QUEUES:
        try:
            app.send_task(SING, kwargs={"queue": queue}, queue=queue, expires=EXPIRES_S, ignore_result=True)
        except BROKER_AWAY:
            break
        sent += 1
    return sent


def heard(queue: str, *, now: datetime) -> bool:
    """Note that a canary has come through *queue*; False if there is no such queue."""
    if queue not in QUEUES:
        return False
    guards.beat(f"queue {queue}", now=now)
    return True
