"""The way from the shell to the workers: task names, and the chord that asks a council.

Tasks are started by name, so that no arrow points up to `tasks/`; a test proves
that each name is registered there.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog
from celery import group
from celery.canvas import Signature
from django.db import DatabaseError, InterfaceError
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

from thalas import models
from thalas.celery import app
from thalas.selectors import voters
from thalas.selectors.queues import depth
from thalas.services import councils, guards, patience, questions, repeats, schedules

log = structlog.get_logger(__name__)

ASK = "tasks.votes.ask"
CLOSE = "tasks.runs.close"
ASK_QUEUE = "votes"
BROKER_AWAY = (OperationalError, KombuError, RedisError, OSError)
# A connection that was cut just after the run was stored costs a new connection, and not the run its voters.
PANEL_PATIENCE_S = 0.4


def convene(question: councils.Question, *, now: datetime) -> models.Run:
    """Open a run on *question* and send its council to work.

    A broker that is away does not lose the run: a guard re-publishes its votes or closes it in time.
    """
    run = councils.open_question(question, now=now)
    publish(run)
    return run


def ask(
    question: councils.Question,
    *,
    now: datetime,
    request: repeats.Request | None = None,
    is_forced: bool = False,
) -> questions.Asked:
    """Return the run on *question*, an equal one's or a new one, and send a new one's council to work."""
    asked = questions.ask(question, now=now, request=request, is_forced=is_forced)
    send(asked)
    return asked


def send(asked: questions.Asked) -> None:
    """Send the council of a run that was opened for *asked* to work; another one's has been sent."""
    if asked.is_new:
        publish(asked.run, asked.panel)


def ask_again(run_id: UUID, *, requested_by: str, now: datetime) -> models.Run:
    """Open a new run on the brief and panel of an old one, and send its council to work."""
    run = councils.ask_again(run_id, requested_by=requested_by, now=now)
    publish(run)
    return run


def tick(schedule: str, *, now: datetime) -> list[models.Slot]:
    """Fire what is due of *schedule* and send the councils of the runs that this opened to work."""
    slots = schedules.tick(schedule, now=now)
    for slot in slots:
        if slot.run is not None:
            publish(slot.run)
    return slots


def scan(schedule: str, *, now: datetime) -> tuple[models.Slot, bool]:
    """Fire the newest slot of *schedule* now; return it, and whether it is new."""
    slot, is_new = schedules.scan(schedule, now=now)
    if slot.run is not None and is_new:
        publish(slot.run)
    return slot, is_new


def publish(run: models.Run, panel: Sequence[str] = ()) -> bool:
    """Send the run's chord: a header task per voter, the close as callback; all of it in one round trip.

    *panel* names the voters if they are known; else they are looked up.

    False if the broker is away, or the database has gone since the run was stored: guards see to it then,
    as they do where only a part of the messages has arrived.
    """
    close = app.signature(CLOSE, kwargs={"run_id": str(run.pk)}, immutable=True)
    try:
        names = panel or patience.through_outage(lambda: voters.panel(run.pk), within_s=PANEL_PATIENCE_S)
        header = group([_ask(run.pk, voter) for voter in names], app=app)
        # A chord is a group whose tasks name a callback. Celery's own takes no producer, so no batch either.
        with app.producer_or_acquire() as producer, producer.batch():
            header.apply_async(producer=producer, chord=close)
    except (*BROKER_AWAY, DatabaseError, InterfaceError) as error:
        log.warning("publish_failed", run_id=str(run.pk), error=type(error).__name__)
        return False
    return True


def resend(*, now: datetime) -> int:
    """Ask again for votes whose message or worker was lost; return how many went out.

    While the broker is away nothing is taken, so that all of it can go out once it is back.
    """
    sent = 0
    try:
        with app.producer_or_acquire() as producer:
            queued = depth(producer.connection, ASK_QUEUE)
            for vote in guards.votes_to_resend(now=now, queued=queued):
                _ask(vote.run_id, vote.voter_id).apply_async(producer=producer)
                sent += 1
    except BROKER_AWAY as error:
        log.warning("resend_failed", sent=sent, error=type(error).__name__)
    return sent


def _ask(run_id: UUID, voter: str) -> Signature:
    ids = {"run_id": str(run_id), "voter": voter}
    # Told as Celery would tell them, which takes longer than putting them in the message.
    told = {"argsrepr": "()", "kwargsrepr": repr(ids)}
    return app.signature(ASK, kwargs=ids, immutable=True, ignore_result=True, **told)
