"""The house that is struck: PostgreSQL that keeps its word, a broker, an emulator, two of everything else."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dotenv import dotenv_values

from tests import clusters
from tests.clusters import Cluster
from tests.processes import waits
from tests.processes.emulators import Emulator
from tests.processes.local_processes import LocalProcess
from thalas import env, processes
from thalas.supervision.processes import EventKind, Process, ProcessEvent
from thalas.supervision.supervisor import Supervisor
from thalas.supervision.valkey import socket_url

# As PostgreSQL ships: a commit is on disk. The commit's own time is what lateness is measured by.
DURABLE = "-c max_connections=200 -c track_commit_timestamp=on"
MEDIAN_S = 0.5
# What lies in a shell or a file must not reach a house whose voters are simulated.
FOREIGN = ("_API_KEY", "_BASE_URL", "_MODEL")
WORKERS = ("worker-votes", "worker-core")
# Two of each; names as in the process table but for the number.
STRUCK = (
    *(f"{name}-{number}" for name in WORKERS for number in (1, 2)),
    "guard-1",
    "guard-2",
    "beat-1",
    "beat-2",
)


@dataclass(frozen=True, slots=True)
class House:
    """A home with everything in it; *variables* are for each of its processes."""

    home: Path
    cluster: Cluster
    variables: dict[str, str]
    broker: LocalProcess
    emulator: LocalProcess

    @property
    def journal(self) -> Path:
        """What the emulator wrote down."""
        return self.home / "emulator.jsonl"

    @property
    def logs(self) -> Path:
        """Where every process's log lies."""
        return self.home / "log"

    @property
    def broker_url(self) -> str:
        """The broker, as Celery wants it."""
        return socket_url(self.home / "broker")

    @property
    def emulator_url(self) -> str:
        """Where the emulator answers."""
        return f"http://127.0.0.1:{self.variables['THALAS_EMULATOR_PORT']}"

    @property
    def desk(self) -> Emulator:
        """The emulator as its visitors see it."""
        return Emulator(int(self.variables["THALAS_EMULATOR_PORT"]), self.home / "script.json")

    def program(self, name: str, *words: str, **variables: str) -> "subprocess.Popen[bytes]":
        """Start module *name* of this room with the house's variables."""
        with (self.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                (sys.executable, "-m", f"tests.chaos.{name}", *words),
                env={**os.environ, **self.variables, **variables},
                cwd=env.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def council(self) -> list[Process]:
        """Return what is struck: the table's workers, guards and beat, each twice."""
        table = {process.name: process for process in processes.table(_plan(self.home, self.variables))}
        return [_numbered(table, name) for name in STRUCK]

    def supervise(
        self, members: list[Process], *, into: str, on_event: Callable[[ProcessEvent], None]
    ) -> Supervisor:
        """Return a supervisor of *members* that keeps the log of every life in the folder *into*."""
        kept = self.logs / into

        def tell(event: ProcessEvent) -> None:
            if event.kind == EventKind.DIED:
                _keep(kept / f"{event.process}.log")
            on_event(event)

        return Supervisor(members, run_dir=self.home / f"run-{into}", log_dir=kept, on_event=tell)


@contextlib.contextmanager
def open_house(*, is_kept: bool = False) -> Iterator[House]:
    """Yield a house whose database, broker and emulator answer; its folder stays only if *is_kept*."""
    home = Path(tempfile.mkdtemp(prefix="thalas-chaos-"))
    with contextlib.ExitStack() as stack:
        if is_kept:
            print(f"logs, register and journal are in {home}", file=sys.stderr)
        else:
            stack.callback(shutil.rmtree, home, ignore_errors=True)
        cluster = clusters.start(home / "cluster", settings=DURABLE)
        stack.callback(cluster.stop)
        os.sync()  # else the server, after its crash, would first put all that initdb wrote on disk
        variables = _variables(home, cluster)
        (home / "log").mkdir()
        table = {process.name: process for process in processes.table(_plan(home, variables))}
        house = House(home, cluster, variables, _broker(home, table), _emulator(home, table, variables))
        for process in (house.broker, house.emulator):
            stack.callback(process.teardown)
            process.start()
        house.broker.ready()
        waits.until(house.desk.is_up, within_s=90, what="the emulator answers")
        yield house


def _variables(home: Path, cluster: Cluster) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    given = [name for name in os.environ if name.startswith("THALAS_") or name.endswith(FOREIGN)]
    return {
        **dict.fromkeys((*given, *dotenv_values(env.BASE_DIR / ".env")), ""),  # blank hides what a file says
        "USE_KEYS": "",
        "REDIS_URL": "",
        "THALAS_HOME": str(home),
        "DATABASE_URL": cluster.url,
        "EMULATOR": "1",
        "THALAS_EMULATOR_PORT": str(port),
        "THALAS_LOG_LEVEL": "INFO",
        "DJANGO_SETTINGS_MODULE": "thalas.settings",
    }


def _plan(home: Path, variables: dict[str, str]) -> processes.Plan:
    return processes.Plan(home, env.read(variables).house, "for-tests-only", switches=variables)


def _broker(home: Path, table: dict[str, Process]) -> LocalProcess:
    process = table["broker"]
    look = process.is_ready
    return LocalProcess(
        process,
        environment=os.environ,
        log=home / "log" / "broker.log",
        is_ready=None if look is None else lambda _: look(),
    )


def _emulator(home: Path, table: dict[str, Process], variables: dict[str, str]) -> LocalProcess:
    words = ("-m", "providers.emulator", f"--port={variables['THALAS_EMULATOR_PORT']}")
    more = (f"--log={home / 'emulator.jsonl'}", f"--median-s={MEDIAN_S}")
    process = replace(table["emulator"], argv=(sys.executable, *words, *more))
    return LocalProcess(process, environment=os.environ, log=home / "log" / "emulator.log")


def _numbered(table: dict[str, Process], name: str) -> Process:
    kind, _, number = name.rpartition("-")
    model = table.get(name) or table[kind]
    argv = tuple(word.replace("@%h", f"-{number}@%h") for word in model.argv)
    return replace(model, name=name, argv=argv)


def _keep(log: Path) -> None:
    """Append a life's *log* to the log of all lives; the supervisor itself keeps two."""
    if log.exists():
        with log.with_suffix(".lives").open("ab") as kept:
            kept.write(log.read_bytes())
