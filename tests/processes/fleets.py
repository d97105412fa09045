"""The processes of one Thalas, taken from its own process table and run on the tests' database."""

import os
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from tests.processes import waits
from tests.processes.emulators import EmulatorDesk
from tests.processes.local_processes import LocalProcess
from thalas import env, processes
from thalas.celery import app
from thalas.supervision.processes import Process

WORKERS = ("worker-votes", "worker-core")
GUARDS = ("guard-1", "guard-2")
FLOWER_PASSWORD = "a password for tests"


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def database_url() -> str:
    """Return the URL of the database that the running test uses."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"postgresql://{connection.settings_dict['USER']}@/{name}?host={quote(connection.settings_dict['HOST'])}"


class Fleet:
    """Every process of the table by its name, none of them running until it is asked for."""

    def __init__(self) -> None:
        self._log_dir: Path = settings.LOG_DIR
        self._log_dir.mkdir(parents=True, exist_ok=True)
        self._variables = {
            **os.environ,
            "DATABASE_URL": database_url(),
            "EMULATOR": "1",
            "THALAS_EMULATOR_PORT": str(free_port()),
            "THALAS_FLOWER_PORT": str(free_port()),
            "THALAS_LOG_LEVEL": "INFO",
        }
        self.environment = env.read(self._variables)
        self.desk = EmulatorDesk(
            self.environment.house.thalas_emulator_port, settings.HOME / "emulator-script.json"
        )
        plan = processes.Plan(settings.HOME, self.environment.house, FLOWER_PASSWORD, switches={})
        self._table = {process.name: process for process in processes.table(plan)}
        self._running: dict[str, LocalProcess] = {}

    def __getitem__(self, name: str) -> LocalProcess:
        """Return the process *name* of the table, whether it runs or not."""
        if name not in self._running:
            self.enlist(self._table[name])
        return self._running[name]

    def variant(self, name: str, like: str, *, argv: tuple[str, ...] = (), **variables: str) -> LocalProcess:
        """Return a further process *name*, made like one of the table but for *argv* and *variables*."""
        if name not in self._running:
            model = self._table[like]
            changed = replace(model, name=name, argv=argv or model.argv, env={**model.env, **variables})
            self.enlist(changed)
        return self._running[name]

    def argv(self, name: str) -> tuple[str, ...]:
        """Return the command line of process *name* of the table."""
        return self._table[name].argv

    def enlist(self, process: Process) -> None:
        """Take *process* into the fleet."""
        url = settings.BROKER_URL if process.name == "broker" else ""
        self._running[process.name] = LocalProcess(
            self._prepared(process),
            environment=self._variables,
            log_dir=self._log_dir,
            is_ready=self._readiness(process),
            url=url,
        )

    def _prepared(self, process: Process) -> Process:
        if process.name != "emulator":
            return process
        return replace(process, argv=(*process.argv, f"--script={self.desk.script}", "--median-s=0.02"))

    def _readiness(self, process: Process):  # type: ignore[no-untyped-def]
        if process.name == "emulator":
            return self.desk.is_up
        hostname = next((word for word in process.argv if word.startswith("--hostname=")), "")
        if hostname:
            node = hostname.removeprefix("--hostname=").replace("%h", socket.gethostname())
            return lambda: is_eating(node)
        return None

    def muster(self, *names: str) -> None:
        """Start those of *names* that do not run, side by side, and wait until all are ready."""
        for name in names:
            self[name].start()
        for name in names:
            self[name].ready()

    def revive(self, *names: str) -> None:
        """Start again what has died, without waiting, as the supervisor would."""
        for name in names:
            self[name].start()

    def dismiss(self, *names: str) -> None:
        """End *names*; those that do not run are as good."""
        for name in names:
            if name in self._running:
                self._running[name].teardown()

    @property
    def running(self) -> tuple[str, ...]:
        """The names of what runs."""
        return tuple(name for name, process in self._running.items() if process.status == "running")

    def logs(self) -> str:
        """Return what all have said."""
        return "\n".join(process.logs() for process in self._running.values())


def is_eating(node: str) -> bool:
    """Say whether the worker *node* answers and eats from a queue."""
    try:
        replies = app.control.inspect(destination=[node], timeout=0.5).active_queues() or {}
    except Exception:  # noqa: BLE001 - the broker may be away just now, in many words
        return False
    return bool(replies.get(node))


def is_idle(node: str) -> bool:
    """Say whether the worker *node* answers and has nothing to do."""
    replies = app.control.inspect(destination=[node], timeout=0.5).active() or {}
    return replies.get(node) == []


def settle(fleet: Fleet) -> None:
    """Wait until running workers have nothing to do; end those that do not come to rest."""
    for name, queue in zip(WORKERS, ("votes", "core"), strict=True):
        if name not in fleet.running:
            continue
        try:
            waits.until(
                lambda queue=queue: is_idle(f"{queue}@{socket.gethostname()}"),  # type: ignore[misc]
                within_s=2.0,
                what=f"{name} has nothing to do",
            )
        except Exception:  # noqa: BLE001 - whatever keeps it, it must not write into the next test
            fleet.dismiss(name)
