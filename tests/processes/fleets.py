"""The processes of one Thalas, out of its own process table, on the database of the tests."""

import itertools
import os
import random
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import connection

from tests.processes.emulators import Emulator
from tests.processes.local_processes import LocalProcess
from thalas import env, models, processes
from thalas.celery import app
from thalas.dispatch import BROKER_AWAY
from thalas.selectors import clock
from thalas.supervision.processes import Process
from thalas.supervision.valkey import socket_path

VOTES, CORE = "worker-votes", "worker-core"
WORKERS = (VOTES, CORE)
GUARDS = ("guard-1", "guard-2")
FLOWER_PASSWORD = "for-tests-only"
# Lies in the environment of every process here, and must turn up in nothing that one of them shows.
CANARY = "sk-canary-0123456789abcdef"


# Below what systems give away by themselves: a port may lie unused for minutes after it was given out here.
FIRST_PORT, SHARES, PORTS_EACH = 12_000, 20, 1_000


def _own_ports() -> list[int]:
    """Return the ports of this process of pytest, which no other of its run has, in a random order."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{random.getrandbits(32):x}"
    number = int("0" + os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw"))
    first = FIRST_PORT + (int(run, 16) + number) % SHARES * PORTS_EACH
    return random.sample(range(first, first + PORTS_EACH), PORTS_EACH)


PORTS = itertools.cycle(_own_ports())


def free_port() -> int:
    """Return a port that nobody listens on now."""
    return next(port for port in itertools.islice(PORTS, PORTS_EACH) if _is_free(port))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def database_url() -> str:
    """Return the URL of the database that the running test uses; only its name is not the settings' own."""
    name = str(connection.settings_dict["NAME"])
    if settings.HOUSE.database_url is None:
        return f"sqlite:///{name}"
    return urlsplit(settings.HOUSE.database_url.get_secret_value())._replace(path=f"/{name}").geturl()


class Fleet:
    """Every process of the table by its name; none runs until it is asked for, and then until dismissed."""

    def __init__(self) -> None:
        variables = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "EMULATOR": "1",
            "THALAS_EMULATOR_PORT": str(free_port()),
            "THALAS_FLOWER_PORT": str(free_port()),
            "THALAS_METRICS_PORT": str(free_port()),
            "THALAS_LOG_LEVEL": "INFO",
        }
        self.environment = env.read(variables)
        self._variables = {**variables, "OPENAI_API_KEY": CANARY, "USE_KEYS": "1"}
        house = self.environment.house
        self.emulator = Emulator(house.thalas_emulator_port, settings.HOME / "emulator-script.json")
        plan = processes.Plan(settings.HOME, house, FLOWER_PASSWORD, switches={})
        self._table = {process.name: process for process in processes.table(plan)}
        self._members: dict[str, LocalProcess] = {}
        settings.LOG_DIR.mkdir(parents=True, exist_ok=True)

    def __getitem__(self, name: str) -> LocalProcess:
        """Return the process *name*, whether it runs or not."""
        if name not in self._members:
            self._members[name] = self._enlist(self._table[name])
        return self._members[name]

    def add(self, name: str, *, like: str, argv: tuple[str, ...] = (), **variables: str) -> LocalProcess:
        """Return a further process *name*, made like one of the table but for *argv* and *variables*.

        One of that name that runs is left as it is; one that has ended, in an earlier test, gives way.
        """
        if name not in self._members or self._members[name].status != "running":
            model = self._table[like]
            changed = replace(model, name=name, argv=argv or model.argv, env={**model.env, **variables})
            self._members[name] = self._enlist(changed)
        return self._members[name]

    def argv(self, name: str) -> tuple[str, ...]:
        """Return the command line of process *name* of the table."""
        return self._table[name].argv

    def _enlist(self, process: Process) -> LocalProcess:
        if process.name == "emulator":
            argv = (*process.argv, f"--script={self.emulator.script}", "--median-s=0.02")
            process = replace(process, argv=argv)
        return LocalProcess(
            process,
            environment=self._variables,
            log=settings.LOG_DIR / f"{process.name}.log",
            is_ready=self._readiness(process),
            url=settings.BROKER_URL,
        )

    def _readiness(self, process: Process) -> Callable[[LocalProcess], bool] | None:
        if process.is_ready is not None:
            look = process.is_ready
            return lambda _: look()
        if process.name == "emulator":
            return lambda _: self.emulator.is_up()
        if process.name in GUARDS:
            return has_beaten
        return says_ready if "worker" in process.argv else None

    def muster(self, *names: str) -> None:
        """Start those of *names* that do not run, side by side, and wait until all are ready."""
        self.revive(*names)
        for name in names:
            self[name].ready()

    def revive(self, *names: str) -> None:
        """Start those of *names* that have died, without waiting, as the supervisor would."""
        for name in names:
            self[name].start()

    def dismiss(self, *names: str) -> None:
        """End *names*; for those that do not run there is nothing to do."""
        for name in names:
            self[name].teardown()

    @property
    def running(self) -> tuple[str, ...]:
        """The names of what runs, in the order in which it was first asked for."""
        return tuple(name for name, process in self._members.items() if process.status == "running")

    def logs(self) -> str:
        """Return what all have said."""
        return "\n".join(process.logs() for process in self._members.values())


def says_ready(worker: LocalProcess) -> bool:
    """Say whether *worker* has told in its log that it eats, in this life."""
    return " ready." in worker.said


def has_beaten(guard: LocalProcess) -> bool:
    """Say whether *guard* has left a heartbeat in this life."""
    born_at = clock.now() - timedelta(seconds=guard.age_s)
    return models.Heartbeat.objects.filter(name=guard.name, beat_at__gt=born_at).exists()


def valkey() -> redis.Redis:
    """Return a client of the broker that looks at what lies there."""
    path = socket_path(settings.HOME / "broker")
    return redis.Redis(unix_socket_path=str(path), socket_timeout=2.0)


def flush() -> None:
    """Empty the broker if it answers."""
    with valkey() as client:
        client.flushall()


def come_to_rest(worker: LocalProcess, *, within_s: float = 3.0) -> None:
    """Wait until *worker* has nothing to do; one that does not come to rest is ended."""
    word = next(word for word in worker.process.argv if word.startswith("--hostname="))
    node = word.removeprefix("--hostname=").replace("%h", socket.gethostname())
    give_up_at = time.monotonic() + within_s
    while worker.status == "running":
        if busy_with(node) == []:
            return
        if time.monotonic() >= give_up_at:
            worker.kill()


def busy_with(node: str) -> object:
    """Return what the worker *node* is doing; None if it does not answer."""
    # A connection of its own: those in the app's pool may be from before the broker was killed.
    try:
        with app.connection_for_write() as line:
            one = app.control.inspect(destination=[node], timeout=2.0, connection=line, limit=1)
            replies = one.active()
    except BROKER_AWAY:
        return None
    return (replies or {}).get(node)


def everything_kept() -> str:
    """Return all that the broker holds, key by key."""
    with valkey() as client:
        readers = {
            b"string": client.get,
            b"list": lambda key: client.lrange(key, 0, -1),
            b"hash": client.hgetall,
            b"set": client.smembers,
            b"zset": lambda key: client.zrange(key, 0, -1),
            b"none": lambda key: None,  # gone since it was found
        }
        return "\n".join(f"{key!r} {readers[client.type(key)](key)!r}" for key in client.scan_iter())


def nothing_waits() -> bool:
    """Say whether both queues are empty."""
    with valkey() as client:
        return not client.exists("votes", "core")  # a list that is empty does not exist
