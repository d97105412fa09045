"""The process table: everything `manage.py up` runs, with its command line."""

import sys
from dataclasses import dataclass
from pathlib import Path

from thalas import env
from thalas.supervision.processes import Process
from thalas.supervision.valkey import EmbeddedValkey

LOOPBACK = "127.0.0.1"
CORE_THREADS = 4


@dataclass(frozen=True, slots=True)
class Plan:
    """What the table depends on; *switches* are environment variables for every process."""

    home: Path
    house: env.HouseSettings
    flower_password: str
    switches: dict[str, str]


def table(plan: Plan) -> list[Process]:
    """Return the processes of an embedded Thalas, the broker first, its folders made.

    Raises:  BrokerMissing; FolderNotOurs; NotWritable.
    """
    everyone = [*_workers(plan), *_guards(plan), _beat(plan), _flower(plan), _web(plan)]
    if plan.house.emulator:
        everyone.insert(0, _emulator(plan))
    if plan.house.redis_url is None:
        broker = EmbeddedValkey(plan.home / "broker")
        broker.prepare()
        everyone.insert(0, broker.process())
    return everyone


def _python(
    plan: Plan, name: str, *words: str, tier: int = 1, extra: dict[str, str] | None = None
) -> Process:
    return Process(
        name=name,
        argv=(sys.executable, *words),
        env={"DJANGO_SETTINGS_MODULE": "thalas.settings", **plan.switches, **(extra or {})},
        cwd=env.BASE_DIR,
        tier=tier,
    )


def _celery(
    plan: Plan, name: str, *words: str, tier: int = 1, extra: dict[str, str] | None = None
) -> Process:
    return _python(
        plan, name, "-m", "celery", "-A", "thalas.celery", "--quiet", *words, tier=tier, extra=extra
    )


def _workers(plan: Plan) -> list[Process]:
    return [
        _worker(plan, "votes", plan.house.thalas_worker_threads),
        _worker(plan, "core", CORE_THREADS),
    ]


def _worker(plan: Plan, queue: str, threads: int) -> Process:
    return _celery(
        plan,
        f"worker-{queue}",
        "worker",
        "--pool=threads",
        f"--concurrency={threads}",
        f"--queues={queue}",
        f"--hostname={queue}@%h",
        "--task-events",
        "--without-gossip",
        "--without-mingle",
    )


def _guards(plan: Plan) -> list[Process]:
    return [_python(plan, name, "manage.py", "guard", "--name", name) for name in ("guard-1", "guard-2")]


def _beat(plan: Plan) -> Process:
    return _celery(plan, "beat", "beat", "--pidfile=", tier=2)


def _flower(plan: Plan) -> Process:
    # The password goes by environment: a command line can be read by every user of the machine.
    return _celery(
        plan,
        "flower",
        "flower",
        f"--address={LOOPBACK}",
        f"--port={plan.house.thalas_flower_port}",
        tier=2,
        extra={"FLOWER_BASIC_AUTH": f"thalas:{plan.flower_password}"},
    )


def _web(plan: Plan) -> Process:
    return _python(
        plan,
        "web",
        "-m",
        "uvicorn",
        "thalas.asgi:application",
        f"--host={LOOPBACK}",
        f"--port={plan.house.thalas_web_port}",
        "--no-access-log",
        "--no-server-header",
        "--timeout-graceful-shutdown=3",
        tier=2,
    )


def _emulator(plan: Plan) -> Process:
    return _python(
        plan,
        "emulator",
        "-m",
        "providers.emulator",
        f"--port={plan.house.thalas_emulator_port}",
        f"--log={plan.home / 'log' / 'emulator.jsonl'}",
    )
