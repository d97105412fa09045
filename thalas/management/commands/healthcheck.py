"""`manage.py healthcheck NAME`: whether one process does its work, asked from inside its own container.

Each check looks at its own process and at what that process cannot work without, so
that one broken part does not paint all others red.
"""

import http.client
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.db.models import Max
from django_celery_beat.models import PeriodicTask
from kombu.exceptions import OperationalError

from thalas import models, processes
from thalas.celery import app
from thalas.management.base import HouseCommand
from thalas.selectors import clock
from thalas.selectors.health import SILENT_AFTER

WEB_PATH = "/healthz"
# Answered by the server of the figures without a look at the database or the broker.
FIGURES_PATH = "/favicon.ico"
HTTP_TIMEOUT_S = 3.0
WORKER_ANSWERS_WITHIN_S = 2.0
# Beat sends ticks every few seconds, but writes down only every three minutes what it has sent.
BEAT_WRITES_WITHIN = timedelta(seconds=200)


class Command(HouseCommand):
    help = "Say whether the process NAME of this container does its work; exit 1 if not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", choices=sorted(LOOKS))

    def handle(self, *args: Any, **options: Any) -> None:
        is_well, told = LOOKS[options["name"]]()
        self.stdout.write(told)
        sys.exit(0 if is_well else 1)


def _web() -> tuple[bool, str]:
    # A name that the server is known by: it refuses all others, and loopback need not be among them.
    known = next((host.lstrip(".") for host in settings.ALLOWED_HOSTS if host != "*"), "localhost")
    return _answers(settings.HOUSE.thalas_web_port, WEB_PATH, known)


def _flower() -> tuple[bool, str]:
    return _answers(settings.HOUSE.thalas_flower_port, "/healthcheck", "localhost")


def _metrics() -> tuple[bool, str]:
    return _answers(settings.HOUSE.thalas_metrics_port, FIGURES_PATH, "localhost")


def _answers(port: int, path: str, host: str) -> tuple[bool, str]:
    line = http.client.HTTPConnection(processes.LOOPBACK, port, timeout=HTTP_TIMEOUT_S)
    try:
        line.request("GET", path, headers={"Host": host})
        status = line.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return False, f"port {port} does not answer: {type(error).__name__}"
    finally:
        line.close()
    return status == http.client.OK, f"port {port} answers {path} with {status}"


def _worker(queue: str) -> Callable[[], tuple[bool, str]]:
    def look() -> tuple[bool, str]:
        node = f"{queue}@{socket.gethostname()}"
        asked = app.control.inspect(destination=[node], timeout=WORKER_ANSWERS_WITHIN_S, limit=1)
        try:
            queues = (asked.active_queues() or {}).get(node)
        except (OperationalError, redis.RedisError, OSError) as error:
            return False, f"the broker does not answer: {type(error).__name__}"
        if queues is None:
            return False, f"{node} does not answer"
        eats = [item["name"] for item in queues]
        return queue in eats, f"{node} answers and eats from {', '.join(eats) or 'nothing'}"

    return look


def _guard(name: str) -> Callable[[], tuple[bool, str]]:
    def look() -> tuple[bool, str]:
        row = models.Heartbeat.objects.filter(name=name).first()
        if row is None:
            return False, f"{name} has never left a sign of life"
        silence = clock.now() - row.beat_at
        return silence < SILENT_AFTER, f"{name} was seen {silence.total_seconds():.0f} s ago"

    return look


def _beat() -> tuple[bool, str]:
    sent_at = PeriodicTask.objects.aggregate(at=Max("last_run_at"))["at"]
    if sent_at is None:
        return False, "beat has never written down that it sent something"
    silence = clock.now() - sent_at
    return silence < BEAT_WRITES_WITHIN, f"beat last sent something {silence.total_seconds():.0f} s ago"


LOOKS: dict[str, Callable[[], tuple[bool, str]]] = {
    "web": _web,
    "flower": _flower,
    "metrics": _metrics,
    "worker-votes": _worker("votes"),
    "worker-core": _worker("core"),
    "beat": _beat,
    **{name: _guard(name) for name in processes.GUARDS},
}
