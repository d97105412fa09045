"""Pid files: what they find again, and whom they never mean."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from thalas.supervision import pidfiles
from thalas.supervision.pidfiles import PidRecord


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    with subprocess.Popen((sys.executable, "-S", "-c", "import time; time.sleep(60)")) as popen:
        yield psutil.Process(popen.pid)
        popen.kill()


def test_a_process_written_down_is_found_again_until_it_is_dead(
    tmp_path: Path, sleeper: psutil.Process
) -> None:
    pidfiles.write(tmp_path, "web", sleeper)
    ((name, record),) = pidfiles.read_all(tmp_path)
    assert (name, record) == ("web", PidRecord(sleeper.pid, sleeper.create_time(), "web"))
    assert record is not None
    assert pidfiles.find_living(record, tmp_path) == sleeper
    assert pidfiles.path_of(tmp_path, "web").stat().st_mode & 0o777 == 0o600
    sleeper.kill()
    sleeper.wait()
    assert pidfiles.find_living(record, tmp_path) is None


def test_a_stranger_with_the_same_pid_is_not_meant(tmp_path: Path, sleeper: psutil.Process) -> None:
    assert pidfiles.find_living(PidRecord(sleeper.pid, sleeper.create_time() - 60, "web"), tmp_path) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "7", '{"pid": "x"}', '{"pid": 1}', "\udcff"])
def test_a_file_that_makes_no_sense_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "web.pid").write_text(content, errors="surrogateescape")
    assert list(pidfiles.read_all(tmp_path)) == [("web", None)]


@pytest.mark.parametrize("pid", [-1, 0, 2**31 - 1, 10**30])
def test_a_pid_that_cannot_be_is_nobody(tmp_path: Path, pid: int) -> None:
    assert pidfiles.find_living(PidRecord(pid, 0.0, "web"), tmp_path) is None
