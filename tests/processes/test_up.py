"""`manage.py up` as a person meets it: everything starts, and Ctrl-C ends all of it, whatever is going on."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.processes import waits
from tests.processes.fleets import free_port
from thalas import env
from thalas.management.base import BAD_INPUT
from thalas.supervision import sessions

pytestmark = pytest.mark.processes

IN_FLIGHT_WITHIN_S = 120.0
STOPPED_WITHIN_S = 10.0


def test_ctrl_c_in_the_middle_of_the_first_scan_stops_everything_within_ten_seconds() -> None:
    with tempfile.TemporaryDirectory(prefix="thalas-up-") as folder, socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        deaf.settimeout(IN_FLIGHT_WITHIN_S)
        up = _start(Path(folder), deaf.getsockname()[1])
        try:
            asked, _ = deaf.accept()  # a voter is being asked, and will not answer for 28 s
            os.kill(up.pid, signal.SIGINT)
            since = time.monotonic()
            said, _ = up.communicate(timeout=60)
            took_s = time.monotonic() - since
            asked.close()
        finally:
            up.kill()
        waits.no_longer(took_s, STOPPED_WITHIN_S, said.decode())
        # Before that scan a new house was given something to lose.
        assert "The account demo holds paper positions in BTC/USD, ETH/USD, LTC/USD" in said.decode()
        assert not sessions.marked(Path(folder).resolve() / "run")


@pytest.mark.parametrize("setting", ["THALAS_WEB_PORT", "THALAS_FLOWER_PORT", "THALAS_METRICS_PORT"])
def test_a_port_that_is_taken_is_told_with_its_setting_and_nothing_is_started(
    setting: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        up = _start(tmp_path, free_port(), **{setting: str(port)})
        said, _ = up.communicate(timeout=90)
    assert up.returncode == BAD_INPUT, said
    assert f"port {port} on 127.0.0.1 is taken" in said.decode()
    assert setting in said.decode()
    assert not sessions.marked(tmp_path.resolve() / "run")


def _start(home: Path, deaf_port: int, **others: str) -> subprocess.Popen[bytes]:
    variables = {
        "THALAS_HOME": str(home),
        "THALAS_WEB_PORT": str(free_port()),
        "THALAS_FLOWER_PORT": str(free_port()),
        "THALAS_METRICS_PORT": str(free_port()),
        "LLAMA_BASE_URL": f"http://127.0.0.1:{deaf_port}/v1",
        "LLAMA_MODEL": "deaf",
        "LLAMA_TIMEOUT": "28",
        "USE_KEYS": "1",
        "DATABASE_URL": "",
        **others,
    }
    return subprocess.Popen(
        (sys.executable, "manage.py", "up"),
        cwd=env.BASE_DIR,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
