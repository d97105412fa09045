"""Ticking a schedule: beat says when to look, the slots say what is due."""

from tasks import guard
from thalas import dispatch
from thalas.celery import app
from thalas.selectors import clock


@app.task(name="tasks.schedules.tick", ignore_result=True)
@guard.never_raises
def tick(*, schedule: str, **_newer: object) -> str:
    """Fire every slot of *schedule* that came due since the last one."""
    slots = dispatch.tick(schedule, now=clock.now())
    return ", ".join(str(slot) for slot in slots) or "nothing due"
