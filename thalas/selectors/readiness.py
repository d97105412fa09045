"""Whether this house can do its work: each part by itself, and what cannot be told while another is out.

A part that is out takes the signs of others with it: without a guard no canary is sent, and a tick
comes through the queue `core`. So a part is called out where there is evidence against it alone: its
own sign is old, and a newer one shows that what carries it works. Until then it cannot be told.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import redis
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from kombu.exceptions import OperationalError

from thalas import models
from thalas.celery import app
from thalas.selectors import clock

QUEUES = ("votes", "core")
# A guard beats every 2 s, canaries are sent every 4 s, a tick marks a schedule every 5 s or so.
GUARD_SILENT_AFTER = timedelta(seconds=8)
QUEUE_SILENT_AFTER = timedelta(seconds=11)
BEAT_SILENT_AFTER = timedelta(seconds=10)
# So much newer must the carrier's sign be than the part's own.
WORKED_ON_FOR = timedelta(seconds=8)
MOST_SKEW = timedelta(seconds=2)
AWAY = (OperationalError, redis.RedisError, OSError)


@dataclass(frozen=True, slots=True)
class Part:
    """One part: ready, out, or None for what cannot be told now; *told* says it in a sentence."""

    name: str
    is_ready: bool | None
    told: str


NAMES = ("database", "migrations", "clock", "broker", "guards", "queue votes", "queue core", "beat")
DATABASE_AWAY = "the database does not answer"


def no_database(*, told: str = DATABASE_AWAY) -> list[Part]:
    """Return the parts of a house whose database is away."""
    rest = [Part(name, None, f"cannot be told: {told}") for name in NAMES if name != "database"]
    return [Part("database", False, told), *rest]


def parts(*, here: Callable[[], datetime] = lambda: datetime.now(UTC)) -> list[Part]:
    """Look at every part; *here* is this machine's own clock."""
    try:
        before, now, after = here(), clock.now(), here()
        found = [Part("database", True, f"{connection.vendor} answers"), _migrations()]
        found.append(_clock(now, before, after))
        beats = dict(models.Heartbeat.objects.values_list("name", "beat_at"))
        ticked_at = models.Schedule.objects.aggregate(last=Max("ticked_at"))["last"]
    except (DatabaseError, InterfaceError):
        return no_database()
    broker = _broker()
    signs = Signs(
        now=now,
        has_broker=broker.is_ready is True,
        guard_at=max((at for name, at in beats.items() if name.startswith("guard")), default=None),
        canary_at={queue: beats.get(f"queue {queue}") for queue in QUEUES},
        ticked_at=ticked_at,
    )
    return [*found, broker, *judged(signs)]


@dataclass(frozen=True, slots=True)
class Signs:
    """The newest sign of life of each part at the time *now*; None for one that was never seen."""

    now: datetime
    has_broker: bool
    guard_at: datetime | None
    canary_at: Mapping[str, datetime | None]
    ticked_at: datetime | None


def judged(signs: Signs) -> list[Part]:
    """Return what *signs* say of the guards, of each queue and of beat."""
    return [_guards(signs), *(_queue(queue, signs) for queue in QUEUES), _beat(signs)]


def _migrations() -> Part:
    pending = len(_declared() - set(MigrationRecorder(connection).applied_migrations()))
    told = f"{pending} are missing; run `manage.py migrate`" if pending else "all are in"
    return Part("migrations", not pending, told)


@lru_cache(maxsize=1)
def _declared() -> frozenset[tuple[str, str]]:
    """Return the migrations that the code of this process has; reading them takes half a second."""
    return frozenset(MigrationLoader(None).graph.nodes)


def _clock(now: datetime, before: datetime, after: datetime) -> Part:
    """Compare the database's clock with ours, which it was asked between *before* and *after*."""
    skew = max(before - now, now - after, timedelta(0))
    told = f"this machine's is {skew.total_seconds():.1f} s from the database's"
    return Part("clock", skew <= MOST_SKEW, told)


def _broker() -> Part:
    try:
        with app.connection_for_write() as broker:
            _ = broker.default_channel  # opening one asks the broker, once and within half a second
    except AWAY:
        return Part("broker", False, "does not answer; runs are accepted and close without votes")
    return Part("broker", True, "answers")


def _guards(signs: Signs) -> Part:
    if signs.guard_at is None:
        return Part("guards", False, "none has ever run")
    is_ready = signs.now - signs.guard_at <= GUARD_SILENT_AFTER
    return Part("guards", is_ready, f"the last sign is {_ago(signs, signs.guard_at)} old")


def _queue(queue: str, signs: Signs) -> Part:
    name, canary_at, guard_at = f"queue {queue}", signs.canary_at[queue], signs.guard_at
    if canary_at is not None and signs.now - canary_at <= QUEUE_SILENT_AFTER:
        return Part(name, True, f"a canary came through {_ago(signs, canary_at)} ago")
    if not signs.has_broker:
        return Part(name, None, "cannot be told: the broker does not answer")
    if guard_at is None or signs.now - guard_at > GUARD_SILENT_AFTER:
        return Part(name, None, "cannot be told: no guard sends canaries")
    if canary_at is not None and guard_at - canary_at < WORKED_ON_FOR:
        return Part(name, None, "cannot be told: the guards were silent, too")
    since = "ever" if canary_at is None else _ago(signs, canary_at)
    return Part(name, False, f"no canary came through since {since}; is its worker up?")


def _beat(signs: Signs) -> Part:
    ticked_at, canary_at = signs.ticked_at, signs.canary_at["core"]
    if ticked_at is not None and signs.now - ticked_at <= BEAT_SILENT_AFTER:
        return Part("beat", True, f"ticked a schedule {_ago(signs, ticked_at)} ago")
    if not signs.has_broker or canary_at is None or signs.now - canary_at > QUEUE_SILENT_AFTER:
        return Part("beat", None, "cannot be told: ticks come through the broker and queue core")
    if ticked_at is not None and canary_at - ticked_at < WORKED_ON_FOR:
        return Part("beat", None, "cannot be told: queue core was silent, too")
    told = "has never ticked" if ticked_at is None else f"has ticked nothing for {_ago(signs, ticked_at)}"
    return Part("beat", False, f"{told}; is it up, and has `manage.py sync_schedule` run?")


def _ago(signs: Signs, at: datetime) -> str:
    return f"{(signs.now - at).total_seconds():.0f} s"
