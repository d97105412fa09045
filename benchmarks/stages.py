"""The stage of a benchmark: a home of its own, a broker, an emulator with a fixed latency, and workers."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from tests import clusters
from thalas.supervision.valkey import EmbeddedValkey, socket_url

ROOT = Path(__file__).resolve().parent.parent
START_S = 30.0


@dataclass(slots=True)
class Stage:
    """A folder, the variables every process on it gets, and the processes that run."""

    home: Path
    variables: dict[str, str]
    emulator_port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def emulator_url(self) -> str:
        """Where the emulator answers."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def broker_url(self) -> str:
        """The broker, as Celery wants it."""
        return socket_url(self.home / "broker")

    def start(self, name: str, *argv: str, **variables: str) -> None:
        """Start a Python process under *name*, its log beside the rest."""
        log = (self.home / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            argv, cwd=ROOT, env={**os.environ, **self.variables, **variables}, stdout=log, stderr=log
        )

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds that each process and its children have used so far."""
        return {name: _cpu_s(process.pid) for name, process in self.processes.items()}

    def rss_mb(self) -> dict[str, float]:
        """Return the resident memory of each process in MiB."""
        return {name: psutil.Process(p.pid).memory_info().rss / 2**20 for name, p in self.processes.items()}

    def close(self) -> None:
        """Stop everything that was started here."""
        for process in reversed(list(self.processes.values())):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _cpu_s(pid: int) -> float:
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(used.user + used.system for used in times)


@contextlib.contextmanager
def open_stage(database: str, *, script: Mapping[str, object]) -> Iterator[Stage]:
    """Yield a stage: a broker, an emulator that follows *script*, a *database* of sqlite or postgresql."""
    home = Path(tempfile.mkdtemp(prefix="thalas-bench-"))
    port = _free_port()
    variables = {
        "THALAS_HOME": str(home),
        "EMULATOR": "1",
        "THALAS_EMULATOR_PORT": str(port),
        "THALAS_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "thalas.settings",
    }
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        if database == "postgresql":
            cluster = clusters.start(home / "cluster")
            stack.callback(cluster.stop)
            variables["DATABASE_URL"] = cluster.url
        stage = Stage(home, variables, port)
        stack.callback(stage.close)
        broker = EmbeddedValkey(home / "broker")
        broker.prepare()
        stage.start("broker", *broker.argv())
        wait_until(broker.is_ready, "the broker")
        script_file = home / "script.json"
        script_file.write_text(json.dumps(script))
        words = ("-m", "providers.emulator", f"--port={port}", f"--script={script_file}")
        stage.start("emulator", sys.executable, *words)
        wait_until(lambda: _is_up(stage.emulator_url), "the emulator")
        yield stage


def wait_until(is_so: Callable[[], bool], what: str, *, within_s: float = START_S) -> None:
    """Poll *is_so* until it says yes.

    Raises:  TimeoutError naming *what* was waited for.
    """
    give_up_at = time.monotonic() + within_s
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"{what} was not ready within {within_s:.0f} s")
        time.sleep(0.02)


def _is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/_emulator/state", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
