"""The process table: what Thalas runs, each with its command line.

`manage.py up` starts these under its own supervisor; `docker-compose.yml` runs the same
commands in containers, and tests/containers goes red where the two differ.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

from thalas import env, local_llm
from thalas.supervision.processes import Process
from thalas.supervision.valkey import EmbeddedValkey

LOOPBACK = "127.0.0.1"
CORE_THREADS = 4
GUARDS = ("guard-1", "guard-2")
# Started once the workers and guards are: these only give work or show it.
SECOND_TIER = {"beat", "flower", "metrics", "web"}
# Few threads, and nothing between them and the database that could hold them up.
UNPOOLED = {*GUARDS, "metrics"}
# What a new release runs once, in this order, before anything else of it starts.
SETUP = (
    ("manage.py", "migrate", "--no-input"),
    ("manage.py", "sync_schedule"),
    ("manage.py", "sync_voters"),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the table depends on; *switches* are environment variables for every process."""

    home: Path
    house: env.HouseSettings
    flower_password: str
    switches: dict[str, str]


def commands(house: env.HouseSettings, *, host: str = LOOPBACK) -> dict[str, tuple[str, ...]]:
    """Return what Python runs in each process, by the process's name; servers listen on *host*."""
    return {
        "worker-votes": _worker("votes", house.thalas_worker_threads),
        "worker-core": _worker("core", CORE_THREADS),
        **{name: ("manage.py", "guard", "--name", name) for name in GUARDS},
        "beat": _celery("beat", "--pidfile="),
        "flower": _celery("flower", f"--address={host}", f"--port={house.thalas_flower_port}"),
        "metrics": ("manage.py", "metrics", f"--host={host}", f"--port={house.thalas_metrics_port}"),
        "web": _web(host, house.thalas_web_port),
    }


def variables(name: str, *, flower_password: str) -> dict[str, str]:
    """Return the environment that process *name* needs besides the settings."""
    needed = {"DJANGO_SETTINGS_MODULE": "thalas.settings"}
    if name == "flower":
        # The password goes by environment: a command line can be read by every user of the machine.
        needed["FLOWER_BASIC_AUTH"] = f"thalas:{flower_password}"
    if name == "web":  # a person waits: better told at once that the database is away
        needed["THALAS_DB_POOL_TIMEOUT_S"] = "1"
    if name in UNPOOLED:
        needed["THALAS_DB_POOL"] = "0"
    return needed


def table(plan: Plan) -> list[Process]:
    """Return the processes of an embedded Thalas, the broker first, its folders made.

    Raises:  BrokerMissing; FolderNotOurs; NotWritable.
    """
    everyone = [_process(plan, name, words) for name, words in commands(plan.house).items()]
    if plan.house.emulator:
        everyone.insert(0, _process(plan, "emulator", _emulator(plan)))
    if plan.house.local_llm:
        everyone.insert(0, _local_llm(plan))
    if plan.house.redis_url is None:
        broker = EmbeddedValkey(plan.home / "broker")
        broker.prepare()
        everyone.insert(0, broker.process())
    return everyone


def _process(plan: Plan, name: str, words: tuple[str, ...]) -> Process:
    return Process(
        name=name,
        argv=(sys.executable, *words),
        env={**plan.switches, **variables(name, flower_password=plan.flower_password)},
        cwd=env.BASE_DIR,
        tier=2 if name in SECOND_TIER else 1,
    )


def _local_llm(plan: Plan) -> Process:
    # A program of another environment, which is given none of our settings.
    return Process(name="local-llm", argv=local_llm.command(plan.house.thalas_local_llm_port), tier=1)


def _celery(*words: str) -> tuple[str, ...]:
    return ("-m", "celery", "-A", "thalas.celery", "--quiet", *words)


def _worker(queue: str, threads: int) -> tuple[str, ...]:
    return _celery(
        "worker",
        "--pool=threads",
        f"--concurrency={threads}",
        f"--queues={queue}",
        f"--hostname={queue}@%h",
        "--task-events",
        "--without-gossip",
        "--without-mingle",
    )


def _web(host: str, port: int) -> tuple[str, ...]:
    return (
        "-m",
        "uvicorn",
        "thalas.asgi:application",
        f"--host={host}",
        f"--port={port}",
        "--no-access-log",
        "--no-server-header",
        "--no-proxy-headers",
        "--timeout-graceful-shutdown=3",
    )


def _emulator(plan: Plan) -> tuple[str, ...]:
    return (
        "-m",
        "providers.emulator",
        f"--port={plan.house.thalas_emulator_port}",
        f"--log={plan.home / 'log' / 'emulator.jsonl'}",
    )
