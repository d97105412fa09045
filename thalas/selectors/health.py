"""What is up and what is not, one line each."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Max
from kombu.exceptions import OperationalError

from thalas import models
from thalas.celery import app
from thalas.selectors import accounts
from thalas.selectors.queues import depth

SILENT_AFTER = timedelta(seconds=10)
# The guards send a canary through each queue every few seconds.
QUEUE_SILENT_AFTER = timedelta(seconds=15)
BEAT_SILENT_AFTER = timedelta(seconds=15)
REFUSALS_MATTER_FOR = timedelta(hours=1)
QUEUES = ("votes", "core")
LISTEN_TIMEOUT_S = 0.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One part's state; *is_vital* parts make the whole unwell."""

    part: str
    is_well: bool
    told: str
    is_vital: bool = True


def findings(*, now: datetime) -> list[Finding]:
    """Look at every part; a part that raises is a finding, never an exception."""
    looks: Mapping[str, Callable[[datetime], Finding]] = {
        "database": _database,
        "broker": _broker,
        "workers": _workers,
        "queues": _queues,
        "guards": _guards,
        "beat": _beat,
        "kill switch": _kill_switch,
        "runs": _runs,
        "voters": _voters,
        "broker messages": _refused,
        "web": lambda _: _listening("web", settings.HOUSE.thalas_web_port),
        "flower": lambda _: _listening("flower", settings.HOUSE.thalas_flower_port),
        "metrics": lambda _: _listening("metrics", settings.HOUSE.thalas_metrics_port),
    }
    return [_looked(part, look, now) for part, look in looks.items()]


def _looked(part: str, look: Callable[[datetime], Finding], now: datetime) -> Finding:
    try:
        return look(now)
    except Exception as error:  # noqa: BLE001 - a doctor that faints at the first illness helps nobody
        return Finding(part, is_well=False, told=f"cannot be looked at: {type(error).__name__}")


def _database(_now: datetime) -> Finding:
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    told = f"{connection.vendor}, " + (f"{len(pending)} migrations are missing" if pending else "migrated")
    return Finding("database", is_well=not pending, told=told)


def _broker(_now: datetime) -> Finding:
    try:
        with app.connection_for_write() as broker:
            depths = [f"{queue} {depth(broker, queue)}" for queue in QUEUES]
    except (OperationalError, redis.RedisError, OSError):
        return Finding(
            "broker", is_well=False, told="does not answer; runs are accepted and will close without votes"
        )
    return Finding("broker", is_well=True, told=f"answers; waiting messages: {', '.join(depths)}")


def queues_served(*, timeout_s: float) -> bool:
    """Say whether some worker eats from every queue."""
    return not _unserved(_served(timeout_s))


def _served(timeout_s: float) -> dict[str, list[str]]:
    """Return the queues that each worker eats from, as far as workers answer in time."""
    try:
        replies = app.control.inspect(timeout=timeout_s).active_queues() or {}
    except (OperationalError, redis.RedisError, OSError):
        return {}
    return {worker: [queue["name"] for queue in queues] for worker, queues in replies.items()}


def _unserved(served: Mapping[str, list[str]]) -> list[str]:
    return [queue for queue in QUEUES if not any(queue in queues for queues in served.values())]


def _workers(_now: datetime) -> Finding:
    served = _served(timeout_s=0.8)
    idle = _unserved(served)
    told = f"{len(served)} answer" + (f"; nobody eats from {', '.join(idle)}" if idle else "")
    return Finding("workers", is_well=not idle, told=told)


def _guards(now: datetime) -> Finding:
    alive = models.Heartbeat.objects.filter(name__startswith="guard", beat_at__gt=now - SILENT_AFTER).count()
    return Finding("guards", is_well=alive > 0, told=f"{alive} alive")


def _queues(now: datetime) -> Finding:
    """Look for the canaries: a queue that takes messages and gives out none is silent."""
    names = {f"queue {queue}": queue for queue in QUEUES}
    beats = dict(models.Heartbeat.objects.filter(name__in=names).values_list("name", "beat_at"))
    silent = [
        f"{queue} {_ago(now - beats[name]) if name in beats else 'since ever'}"
        for name, queue in names.items()
        if name not in beats or now - beats[name] > QUEUE_SILENT_AFTER
    ]
    told = f"silent: {', '.join(silent)}" if silent else "a canary came through each"
    return Finding("queues", is_well=not silent, told=told)


def _ago(age: timedelta) -> str:
    return f"{age.total_seconds():.0f} s"


def _beat(now: datetime) -> Finding:
    ticked_at = models.Schedule.objects.aggregate(last=Max("ticked_at"))["last"]
    if ticked_at is None:
        return Finding("beat", is_well=False, told="has never ticked; run `manage.py sync_schedule`")
    silence = now - ticked_at
    return Finding("beat", is_well=silence < BEAT_SILENT_AFTER, told=f"ticked a schedule {_ago(silence)} ago")


def _refused(now: datetime) -> Finding:
    """Tell of messages that were refused: none of ours ever is, so somebody else writes to the broker."""
    rows = list(models.Refusal.objects.order_by("-count"))
    if not rows:
        return Finding("broker messages", is_well=True, told="none was ever refused", is_vital=False)
    last_at = max(row.last_at for row in rows)
    told = f"{sum(row.count for row in rows)} refused, the last {_ago(now - last_at)} ago: " + ", ".join(
        f"{row.count} {row.reason}" for row in rows
    )
    return Finding("broker messages", is_well=now - last_at > REFUSALS_MATTER_FOR, told=told, is_vital=False)


def _kill_switch(_now: datetime) -> Finding:
    told = {
        None: "unreadable, which counts as on: nothing is approved",
        True: "on: nothing is approved",
        False: "off",
    }
    killed = accounts.is_killed()
    return Finding("kill switch", is_well=killed is not None, told=told[killed], is_vital=False)


def _runs(now: datetime) -> Finding:
    overdue = models.Run.objects.filter(
        state=models.Run.State.OPEN, deadline_at__lt=now - timedelta(seconds=2)
    ).count()
    still_open = models.Run.objects.filter(state=models.Run.State.OPEN).count()
    return Finding("runs", is_well=not overdue, told=f"{still_open} open, {overdue} overdue")


def _voters(_now: datetime) -> Finding:
    usable = models.Voter.objects.filter(is_present=True, is_enabled=True).count()
    return Finding("voters", is_well=usable > 0, told=f"{usable} can be asked")


def _listening(part: str, port: int) -> Finding:
    """Say whether somebody listens on *port* here; in containers these pages are other machines' business."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=LISTEN_TIMEOUT_S):
            return Finding(part, is_well=True, told=f"listens on 127.0.0.1:{port}", is_vital=False)
    except OSError:
        return Finding(part, is_well=False, told=f"nobody listens on 127.0.0.1:{port}", is_vital=False)
