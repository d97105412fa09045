"""The compose file's own commands, started as plain processes, as far as that goes without Docker."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.containers import parts
from tests.processes import waits
from tests.processes.fleets import free_port
from thalas import env
from thalas.processes import LOOPBACK
from thalas.supervision import valkey

pytestmark = pytest.mark.processes

NAME = "worker-core"


@contextmanager
def running(argv: list[str], environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run *argv* for the while."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            argv, env=environment, cwd=env.BASE_DIR, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def seen() -> parts.Parts:
    """The container files as they lie in the repository."""
    return parts.read(parts.texts())


@pytest.fixture
def broker(seen: parts.Parts, tmp_path: Path) -> Iterator[int]:
    """The port of a broker started by the compose file's own lines, its data in a temporary folder."""
    port, data, programs = free_port(), tmp_path / "data", tmp_path / "programs"
    data.mkdir()
    programs.mkdir()
    (programs / "valkey-server").symlink_to(valkey.find_program())
    service = seen.foreign["redis"]
    words = [word.replace("/data", str(data)).replace("6379", str(port)) for word in service.command]
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    with running(words, {"PATH": path, **service.environment}, tmp_path):
        waits.until(lambda: listens(port), within_s=10, what="the broker listens")
        yield port


def listens(port: int) -> bool:
    """Say whether somebody listens on *port*."""
    with socket.socket() as line:
        return line.connect_ex((LOOPBACK, port)) == 0


def test_the_broker_keeps_messages_on_disk_and_wants_the_password(broker: int, tmp_path: Path) -> None:
    secret = parts.SECRETS["REDIS_PASSWORD"]
    once = Retry(NoBackoff(), 0)
    with redis.Redis(port=broker, retry=once) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    with redis.Redis(port=broker, password=secret) as client:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
            "save": "",
        }
        assert {name: client.config_get(name)[name] for name in wanted} == wanted
        assert client.config_get("maxmemory")["maxmemory"] == str(384 * 2**20)
    assert list((tmp_path / "data" / "appendonlydir").iterdir())


def test_a_worker_s_check_follows_the_worker_and_nothing_is_written_at_home(
    seen: parts.Parts, broker: int, tmp_path: Path
) -> None:
    home, service = tmp_path / "home", seen.ours[NAME]
    environment = {
        **seen.environment(service),
        "PATH": os.environ["PATH"],
        "REDIS_URL": service.environment["REDIS_URL"].replace("@redis:6379", f"@127.0.0.1:{broker}"),
        "DATABASE_URL": f"sqlite:///{tmp_path}/not-asked.sqlite3",
        "THALAS_HOME": str(home),
    }
    assert service.healthcheck is not None
    words = [[sys.executable, *argv[1:]] for argv in (service.command, service.healthcheck.test[1:])]
    command, check = words

    def is_well() -> bool:
        done = subprocess.run(check, env=environment, cwd=env.BASE_DIR, capture_output=True, check=False)
        return done.returncode == 0

    with running(command, environment, tmp_path):
        log = tmp_path / "log"
        waits.until(lambda: " ready." in log.read_text(), within_s=30, what="the worker has started")
        assert is_well(), log.read_text()
    assert not is_well()
    assert not home.exists()
