"""The control: a bare Celery chord with the same voters, no claim, no guard, no database, no brief."""

import os
import time

import httpx
import redis
from celery import Celery, chord

from thalas.results import backend_url

BROKER_URL = os.environ.get("NAIVE_BROKER_URL", "memory://")
EMULATOR_URL = os.environ.get("NAIVE_EMULATOR_URL", "")
VOTERS = ("emulated-bull", "emulated-bear", "emulated-trend", "emulated-doubter")
# A hash in the broker: when each run's callback ran.
DONE = "naive:done"

app = Celery("naive", broker=BROKER_URL, backend=backend_url(BROKER_URL) if "redis" in BROKER_URL else None)
# Events are left to the command line, so that both sides' workers send the same.
app.conf.update(
    task_default_queue="core",
    task_routes={"naive.ask": {"queue": "votes"}},
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)
client = httpx.Client(limits=httpx.Limits(max_connections=200, max_keepalive_connections=200))
marks = redis.Redis(
    unix_socket_path=BROKER_URL.removeprefix("redis+socket://").split("?")[0], decode_responses=True
)


@app.task(name="naive.ask", ignore_result=True)
def ask(model: str, body: str) -> str:
    """Ask one voter and hand its action on."""
    reply = client.post(
        f"{EMULATOR_URL}/v1/chat/completions", content=body.replace("MODEL", model), timeout=30
    )
    return str(reply.json()["choices"][0]["message"]["content"])


@app.task(name="naive.close", ignore_result=True)
def close(run: str) -> None:
    """Note when the run was done."""
    marks.hset(DONE, run, repr(time.time()))


def publish(run: str, body: str) -> None:
    """Send the chord of one run."""
    header = [ask.si(model, body) for model in VOTERS]
    chord(header, close.si(run), app=app).apply_async()
