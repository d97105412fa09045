"""The Celery app. Publishing gives up within half a second; workers wait longer on the same broker."""

import gc
import os
import sys
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, import_modules, setup_logging, worker_ready
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from thalas import flower_safety, logs, memory, results

memory.collect_seldom()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thalas.settings")

TASK_MODULES = (
    "tasks.votes",
    "tasks.runs",
    "tasks.schedules",
    "tasks.housekeeping",
    "tasks.canaries",
    "tasks.budgets",
    "tasks.webhooks",
)
PUBLISH_TIMEOUT_S = 0.5
# Longer than a slow moment of the broker. Its loop stands still meanwhile, and a deaf one is ended after 8 s.
WORKER_TIMEOUT_S = 5.0
HEALTH_CHECK_S = 3
NO_RETRY = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}

# Under the stock names, because a URL names its transport: `redis+socket://`, `redis://`, `rediss://`.
TRANSPORT_ALIASES.update(
    redis="thalas.workers.transports:Transport", rediss="thalas.workers.transports:Transport"
)

app = Celery("thalas", amqp="thalas.workers.links:ImpatientAMQP")
app.conf.update(
    broker_url=settings.BROKER_URL,
    result_backend=results.backend_url(settings.BROKER_URL),
    imports=TASK_MODULES,
    accept_content=["json"],
    task_serializer="json",
    result_serializer="json",
    task_default_queue="core",
    task_routes={"tasks.votes.*": {"queue": "votes"}},
    task_create_missing_queues=True,
    timezone="UTC",
    enable_utc=True,
    task_ignore_result=True,
    task_publish_retry=False,
    result_expires=600,
    result_chord_expires=7200,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_channel_error_retry=True,
    broker_connection_timeout=PUBLISH_TIMEOUT_S,
    broker_transport_options={
        **NO_RETRY,
        "socket_timeout": PUBLISH_TIMEOUT_S,
        "socket_connect_timeout": PUBLISH_TIMEOUT_S,
    },
    result_backend_transport_options={"retry_policy": NO_RETRY},
    result_backend_always_retry=False,
    redis_socket_timeout=PUBLISH_TIMEOUT_S,
    redis_socket_connect_timeout=PUBLISH_TIMEOUT_S,
    redis_retry_on_timeout=False,
    worker_consumer="thalas.workers.consumers:Consumer",
    worker_prefetch_multiplier=1,
    worker_send_task_events=True,
    worker_hijack_root_logger=False,
    beat_scheduler="thalas.schedulers:SteadyScheduler",
    beat_max_loop_interval=1,
)

if settings.DATABASES["default"]["CONN_MAX_AGE"] is None:
    # Celery closes the database before and after each task. That hands a connection back to
    # PostgreSQL's pool; SQLite has none, and would open its file and register its functions anew.
    app.conf.CELERY_DB_REUSE_MAX = sys.maxsize


@import_modules.connect
def refuse_an_open_flower(**_: object) -> None:
    """Let no Flower start that anybody may use."""
    flower_safety.refuse_if_open()


@celeryd_init.connect
def wait_longer_in_workers(conf: Any, **_: object) -> None:
    """Let a worker's own connections outlive a slow moment of the broker."""
    conf.broker_connection_timeout = 4.0
    conf.broker_transport_options = {
        **NO_RETRY,
        "socket_timeout": WORKER_TIMEOUT_S,
        "socket_connect_timeout": 4.0,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        # Also how soon a connection that answers nothing is dropped; kombu's own 25 s make it up to 51 s.
        "health_check_interval": HEALTH_CHECK_S,
    }
    conf.redis_socket_timeout = WORKER_TIMEOUT_S
    conf.redis_socket_connect_timeout = 4.0


@worker_ready.connect
def leave_what_is_loaded_to_stay(**_: object) -> None:
    """Spare the garbage collector the modules, which it would look through again and again between tasks."""
    gc.collect()
    gc.freeze()


@setup_logging.connect
def use_our_logs(**_: object) -> None:
    """Log as the rest of Thalas does; Celery's own set-up would show task arguments."""
    logs.configure(settings.HOUSE.thalas_log_level, settings.SECRETS)
