"""One supervisor per run folder."""

import os
from pathlib import Path

import pytest

from thalas.supervision.errors import AlreadyRunning, NotWritable
from thalas.supervision.locks import FILE_NAME, RunLock


def test_a_second_holder_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    lock = RunLock.take(tmp_path)
    with pytest.raises(AlreadyRunning) as refusal:
        RunLock.take(tmp_path)
    assert refusal.value.pid == os.getpid()
    assert str(refusal.value) == f"Thalas is already running in {tmp_path} (pid {os.getpid()}); stop it first"
    lock.release()
    lock.release()
    RunLock.take(tmp_path).release()


def test_what_a_dead_holder_wrote_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text("1")
    RunLock.take(tmp_path).release()


def test_a_lock_file_that_cannot_be_opened_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(NotWritable, match=r"supervisor\.lock cannot be opened"):
        RunLock.take(tmp_path)
