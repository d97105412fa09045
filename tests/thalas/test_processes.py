"""The process table: who runs, in which order, with which switches, and no secret on a command line."""

import sys
from pathlib import Path

import pytest

from thalas import env, processes
from thalas.supervision.processes import Process

PASSWORD = "a-password-of-flower"


def table(home: Path, **variables: str) -> dict[str, Process]:
    """Return the processes of *variables* by name, in their order."""
    plan = processes.Plan(home, env.read(variables).house, PASSWORD, {"USE_KEYS": "1"})
    return {process.name: process for process in processes.table(plan)}


def test_everything_runs_behind_the_broker(tmp_path: Path) -> None:
    assert list(table(tmp_path / "var")) == [
        "broker",
        "worker-votes",
        "worker-core",
        "guard-1",
        "guard-2",
        "beat",
        "flower",
        "metrics",
        "web",
    ]


def test_a_broker_of_ones_own_is_not_started_again(tmp_path: Path) -> None:
    assert "broker" not in table(tmp_path / "var", REDIS_URL="redis://127.0.0.1:6379/0")


def test_the_emulator_runs_only_when_asked_for(tmp_path: Path) -> None:
    assert "emulator" not in table(tmp_path / "var")
    emulator = table(tmp_path / "var", EMULATOR="1", THALAS_EMULATOR_PORT="9123")["emulator"]
    assert "--port=9123" in emulator.argv


def test_each_queue_has_its_worker_with_its_threads(tmp_path: Path) -> None:
    workers = table(tmp_path / "var", THALAS_WORKER_THREADS="7")
    assert {"--queues=votes", "--concurrency=7", "--pool=threads"} <= set(workers["worker-votes"].argv)
    assert {"--queues=core", "--concurrency=4"} <= set(workers["worker-core"].argv)


def test_what_people_open_listens_on_this_machine_only(tmp_path: Path) -> None:
    ports = {"THALAS_WEB_PORT": "9001", "THALAS_FLOWER_PORT": "9002", "THALAS_METRICS_PORT": "9003"}
    shown = table(tmp_path / "var", **ports)
    assert {"--host=127.0.0.1", "--port=9003"} <= set(shown["metrics"].argv)
    assert {"--host=127.0.0.1", "--port=9001"} <= set(shown["web"].argv)
    assert {"--address=127.0.0.1", "--port=9002"} <= set(shown["flower"].argv)


def test_the_password_is_never_on_a_command_line_and_only_flower_has_it(tmp_path: Path) -> None:
    for process in table(tmp_path / "var").values():
        assert PASSWORD not in " ".join(process.argv)
        assert (PASSWORD in str(process.env)) is (process.name == "flower")


def test_every_process_of_ours_gets_the_switches_and_the_settings(tmp_path: Path) -> None:
    for process in table(tmp_path / "var").values():
        if process.name != "broker":
            assert process.argv[0] == sys.executable
            assert process.env["USE_KEYS"] == "1"
            assert process.env["DJANGO_SETTINGS_MODULE"] == "thalas.settings"


@pytest.mark.parametrize("name", ["guard-1", "guard-2"])
def test_each_guard_keeps_its_heartbeat_under_its_own_name(tmp_path: Path, name: str) -> None:
    assert table(tmp_path / "var")[name].argv[-3:] == ("guard", "--name", name)
