"""The stage of a benchmark: a home of its own, a broker, an emulator, a database, and both sides' workers."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests import clusters
from thalas import env, processes
from thalas.supervision.valkey import EmbeddedValkey, socket_url

ROOT = Path(__file__).resolve().parent.parent
START_S = 60.0
LATENCY_S = 0.35
SCRIPT = "script.json"
PROCESSES = "processes.json"
SETTINGS = {
    "EMULATOR": "1",
    "THALAS_WORKER_THREADS": "100",
    "THALAS_LOG_LEVEL": "WARNING",
    "DJANGO_SETTINGS_MODULE": "thalas.settings",
    "USE_KEYS": "1",  # for the further voters below: nobody's keys reach a stage
}
# The naive side has a database of the broker to itself, so that neither side eats the other's messages.
NAIVE_DATABASE = 1
FURTHER_VOTERS = tuple(f"bench{number:02d}" for number in range(1, 33))


@dataclass(slots=True)
class Stage:
    """A folder, the variables every process on it gets, and the processes that run."""

    home: Path
    variables: dict[str, str]
    pids: dict[str, int] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *words: str) -> None:
        """Start a Python process under *name*, its log beside the rest."""
        log = (self.home / f"{name}.log").open("wb")
        process = subprocess.Popen(words, cwd=ROOT, env=self.variables, stdout=log, stderr=log)  # noqa: S603
        self.running.append(process)
        self.pids[name] = process.pid

    def run(self, *words: str) -> int:
        """Run a Python program to its end, its output shown; return its exit code."""
        return subprocess.run((sys.executable, *words), cwd=ROOT, env=self.variables, check=False).returncode  # noqa: S603

    def close(self) -> None:
        """Stop everything that was started here."""
        for process in reversed(self.running):
            process.terminate()
        for process in self.running:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def open_stage(database: str, *, vote_workers: int) -> Iterator[Stage]:
    """Yield a stage with a *database* of sqlite or postgresql, and *vote_workers* for each side's asking."""
    home, port = Path(tempfile.mkdtemp(prefix="thalas-bench-")), _free_port()
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        stage = Stage(home, _variables(home, port))
        if database == "postgresql":
            cluster = clusters.start(home / "cluster")
            stack.callback(cluster.stop)
            stage.variables["DATABASE_URL"] = cluster.url
            server = (home / "cluster" / "data" / "postmaster.pid").read_text().split()[0]
            stage.pids["database"] = int(server)
        stack.callback(stage.close)
        _serve(stage, port)
        if stage.run("manage.py", "migrate", "--no-input", "--verbosity=0") != 0:
            sys.exit("the database could not be set up")
        _staff(stage, vote_workers)
        (home / PROCESSES).write_text(json.dumps(stage.pids))
        yield stage


def _variables(home: Path, port: int) -> dict[str, str]:
    """Return what every process gets: of the caller's own, nothing that would seat or configure a voter."""
    ours = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
    emulator = f"http://127.0.0.1:{port}"
    further = {
        f"{name.upper()}_{what}": value
        for name in FURTHER_VOTERS
        for what, value in {
            "BASE_URL": f"{emulator}/v1",
            "MODEL": name,
            "PRICE": "0.25/2.00",
            "CAP_USD_PER_DAY": "100000",
            "TIMEOUT": "60",
            "MAX_RETRIES": "0",
        }.items()
    }
    naive = {
        "NAIVE_BROKER_URL": socket_url(home / "broker", database=NAIVE_DATABASE),
        "NAIVE_EMULATOR_URL": emulator,
    }
    places = {"THALAS_HOME": str(home), "THALAS_EMULATOR_PORT": str(port)}
    return {**ours, **SETTINGS, **further, **naive, **places}


def _serve(stage: Stage, port: int) -> None:
    """Start the broker and the emulator."""
    broker = EmbeddedValkey(stage.home / "broker")
    broker.prepare()
    stage.start("broker", *broker.argv())
    wait_until(broker.is_ready, "the broker")
    script = stage.home / SCRIPT
    script.write_text(json.dumps({"*": [{"latency_s": LATENCY_S}]}))
    words = ("-m", "providers.emulator", f"--port={port}", f"--script={script}")
    stage.start("emulator", sys.executable, *words)
    wait_until(lambda: _is_up(port), "the emulator")


def _staff(stage: Stage, vote_workers: int) -> None:
    """Start both sides' workers, and our guards, by the command lines of the process table."""
    commands = processes.commands(env.read(stage.variables).house)
    for number in range(1, vote_workers + 1):
        suffix = "" if number == 1 else f"-{number}"
        words = _renamed(commands["worker-votes"], "votes@", f"votes{suffix}@")
        stage.start(f"worker-votes{suffix}", sys.executable, *words)
        stage.start(
            f"naive-votes{suffix}", sys.executable, *_renamed(words, "thalas.celery", "benchmarks.naive")
        )
    core = commands["worker-core"]
    stage.start("worker-core", sys.executable, *core)
    stage.start("naive-core", sys.executable, *_renamed(core, "thalas.celery", "benchmarks.naive"))
    for guard in processes.GUARDS:
        stage.start(guard, sys.executable, *commands[guard])


def _renamed(words: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(word.replace(old, new) for word in words)


def wait_until(is_so: Callable[[], bool], what: str, *, within_s: float = START_S) -> None:
    """Poll *is_so* until it says yes.

    Raises:  TimeoutError naming *what* was waited for.
    """
    give_up_at = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{what} was not ready within {within_s:.0f} s")
        time.sleep(0.02)


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/_emulator/state", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
