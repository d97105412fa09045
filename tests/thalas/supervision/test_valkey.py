"""The embedded broker: where it listens, that it boots fast, and that its data survive a kill."""

import os
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import redis
from celery import Celery

from tests.processes import waits
from tests.thalas.supervision.stages import Stage, pid_of, wait_for
from thalas.supervision import pidfiles, sessions
from thalas.supervision.processes import EventKind
from thalas.supervision.supervisor import Supervisor
from thalas.supervision.valkey import (
    LONGEST_SOCKET_PATH,
    EmbeddedValkey,
    find_program,
    socket_path,
    socket_url,
)

pytestmark = pytest.mark.processes


@pytest.fixture
def valkey() -> Iterator[EmbeddedValkey]:
    """A broker in a shallow folder; pytest's own are too deep for a socket on some systems."""
    with tempfile.TemporaryDirectory(prefix="valkey-") as folder:
        yield EmbeddedValkey(Path(folder) / "broker")


@pytest.fixture
def boot(stage: Stage, valkey: EmbeddedValkey) -> Callable[[], Supervisor]:
    def boot() -> Supervisor:
        valkey.prepare()
        supervisor = stage.supervise([valkey.process()])
        supervisor.start()
        supervisor.run(lambda: supervisor.is_ready, interval_s=0.01)
        return supervisor

    return boot


@pytest.fixture
def client(valkey: EmbeddedValkey) -> Iterator[redis.Redis]:
    client = redis.Redis(unix_socket_path=str(socket_path(valkey.data_dir)), socket_timeout=2)
    yield client
    client.close()


def test_the_socket_is_beside_the_data_and_its_url_is_celerys(tmp_path: Path) -> None:
    data_dir = Path("/srv/thalas/broker")
    assert socket_path(data_dir) == data_dir / "valkey.sock"
    assert socket_url(data_dir) == "redis+socket:///srv/thalas/broker/valkey.sock?virtual_host=0"
    assert socket_url(data_dir, database=2).endswith("?virtual_host=2")


@pytest.mark.parametrize("awkward", ["d" * 200, "a b", "50%", "a#b", "a?b", "ü"])
def test_a_long_or_awkward_path_is_replaced_by_a_short_plain_one(tmp_path: Path, awkward: str) -> None:
    data_dir = tmp_path / awkward
    path = socket_path(data_dir)
    assert path == socket_path(data_dir)
    assert path != socket_path(data_dir / "other")
    assert len(os.fsencode(path)) <= LONGEST_SOCKET_PATH
    assert path.parent.name.startswith(f"thalas-{os.geteuid()}-")
    assert not path.parent.exists()  # asking for the address creates nothing


def test_it_boots_within_two_seconds_for_its_owner_only(
    boot: Callable[[], Supervisor], valkey: EmbeddedValkey, client: redis.Redis
) -> None:
    assert not valkey.is_ready()
    began_at = time.monotonic()
    supervisor = boot()
    waits.not_after(began_at, 2.0, "booting")
    assert stat.S_IMODE(socket_path(valkey.data_dir).stat().st_mode) == 0o700
    settings = client.config_get("*")
    expected = {"appendonly": "yes", "appendfsync": "everysec", "save": "", "port": "0"}
    assert expected.items() <= settings.items()
    assert settings["maxmemory-policy"] == "noeviction"
    supervisor.stop()
    assert not valkey.is_ready()


@pytest.mark.filterwarnings("ignore:Call to deprecated setex")  # Celery's own call, frowned on by redis 8
def test_celery_reaches_it_by_one_url_as_broker_and_as_result_backend(
    boot: Callable[[], Supervisor], valkey: EmbeddedValkey
) -> None:
    boot()
    url = socket_url(valkey.data_dir, database=3)
    with Celery("test", broker=url, backend=url, set_as_current=False) as app:
        app.send_task("ask", queue="votes", ignore_result=True)
        app.backend.store_result("a-task", {"is": "kept"}, "SUCCESS")
        assert app.backend.get_result("a-task") == {"is": "kept"}
    with redis.Redis(unix_socket_path=str(socket_path(valkey.data_dir)), db=3) as client:
        assert client.llen("votes") == 1


def test_data_that_was_on_disk_survives_a_kill_and_a_torn_last_write(
    boot: Callable[[], Supervisor], valkey: EmbeddedValkey, client: redis.Redis, stage: Stage
) -> None:
    supervisor = boot()
    for number in range(200):
        client.rpush("queue", number)
    # A server that is busy writing to the disk keeps what comes meanwhile in memory for a while.
    waits.until(lambda: client.waitaof(1, 0, 1_000)[0], within_s=20, what="it is on disk")
    os.kill(pid_of(supervisor, "broker"), signal.SIGKILL)
    (log,) = valkey.data_dir.glob("appendonlydir/*.incr.aof")
    wait_for(lambda: not valkey.is_ready())
    os.truncate(log, log.stat().st_size - 7)
    supervisor.run(lambda: len(stage.told(EventKind.READY)) == 2, interval_s=0.01)
    assert client.llen("queue") == 199  # what was torn is one write, the last
    assert client.lindex("queue", -1) == b"198"
    assert supervisor.statuses[0].restarts == 1


def test_an_orphan_is_stopped_before_a_second_server_opens_the_same_data(
    boot: Callable[[], Supervisor], valkey: EmbeddedValkey, client: redis.Redis, stage: Stage
) -> None:
    valkey.prepare()
    stage.run_dir.mkdir()
    with subprocess.Popen(valkey.argv(), stdout=subprocess.DEVNULL, start_new_session=True) as orphan:
        pidfiles.write(stage.run_dir, "broker", psutil.Process(orphan.pid))
        wait_for(valkey.is_ready)
        client.set("kept", "yes")
        supervisor = boot()
        assert orphan.poll() == 0  # it was asked, not killed
    assert [e.process for e in stage.told(EventKind.LEFTOVER)] == ["broker"]
    assert pid_of(supervisor, "broker") != orphan.pid
    assert client.get("kept") == b"yes"


def test_its_mark_can_be_read_while_it_runs(
    boot: Callable[[], Supervisor], valkey: EmbeddedValkey, stage: Stage
) -> None:
    pid = pid_of(boot(), "broker")
    assert {p.pid for p in sessions.marked(stage.run_dir)} == {pid}


def test_the_program_is_there_and_may_be_run() -> None:
    assert os.access(find_program(), os.X_OK)
