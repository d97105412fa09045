"""The supervisor with real processes: restarts, readiness, stops, and what it never leaves behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.processes import waits
from tests.thalas.supervision.stages import Stage, pid_of, python, wait_for
from thalas.supervision import pidfiles, ports, sessions
from thalas.supervision.errors import AlreadyRunning, NotWritable, PortBusy
from thalas.supervision.pidfiles import PidRecord
from thalas.supervision.processes import EventKind, Process
from thalas.supervision.supervisor import Supervisor

SLEEP = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.processes


def with_grandchild(pid_file: Path, *, code: str = STUBBORN, new_session: bool = False) -> str:
    """A program that writes down the pid of its child, which ignores SIGTERM unless *code* says otherwise."""
    return (
        f"import subprocess, sys, time\n"
        f"p = subprocess.Popen([sys.executable, '-S', '-c', {code!r}], start_new_session={new_session})\n"
        f"open({str(pid_file)!r}, 'w').write(str(p.pid))\n"
        f"time.sleep(60)"
    )


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_what_is_killed_is_restarted_after_the_delay_and_told(stage: Stage) -> None:
    supervisor = stage.supervise([python("web", SLEEP), python("beat", SLEEP)])
    supervisor.start()
    first, other = pid_of(supervisor, "web"), pid_of(supervisor, "beat")
    os.kill(first, signal.SIGKILL)
    killed_at = time.monotonic()
    supervisor.run(lambda: stage.told(EventKind.RESTARTED), interval_s=0.01)
    assert time.monotonic() - killed_at >= 0.2
    waits.not_after(killed_at, 2.0, "starting it again")
    assert [str(e) for e in stage.told(EventKind.DIED)] == ["web died (signal 9), starts again in 0.2 s"]
    assert [str(e) for e in stage.told(EventKind.RESTARTED)] == ["web died (signal 9), restarted"]
    assert pid_of(supervisor, "web") != first
    assert pid_of(supervisor, "beat") == other
    assert [s.restarts for s in supervisor.statuses] == [1, 0]


def test_what_dies_five_times_is_told_once_with_its_last_lines_and_tried_again(stage: Stage) -> None:
    code = "[print('line', i) for i in range(9)]; raise SystemExit(3)"
    supervisor = stage.supervise([python("web", code)])
    supervisor.start()
    supervisor.run(lambda: supervisor.failing, interval_s=0.01)  # 0.2 + 0.4 + 0.8 + 1.6 = 3.0 s of delays
    (event,) = stage.told(EventKind.FAILING)
    assert event.text.startswith("web keeps dying right after its start (exit status 3)")
    assert event.log_tail == ("line 4", "line 5", "line 6", "line 7", "line 8")
    assert supervisor.failing == ("web",)
    assert str(stage.told(EventKind.DIED)[-1]) == "web died (exit status 3), starts again in 3.2 s"


def test_a_program_that_is_not_there_is_told_and_harms_nobody_else(stage: Stage) -> None:
    supervisor = stage.supervise([Process(name="gone", argv=("/no/such/program",)), python("web", SLEEP)])
    supervisor.start()
    (event,) = stage.told(EventKind.DIED)
    assert str(event) == "gone died (cannot be started: No such file or directory), starts again in 0.2 s"
    assert pid_of(supervisor, "web")


def test_a_higher_tier_waits_until_the_lower_is_ready(stage: Stage, tmp_path: Path) -> None:
    sign = tmp_path / "ready"
    supervisor = stage.supervise(
        [python("web", SLEEP, tier=1), python("broker", SLEEP, is_ready=sign.exists, ready_timeout_s=0.1)]
    )
    supervisor.start()
    supervisor.run(lambda: stage.told(EventKind.UNREADY), interval_s=0.01)
    assert [s.pid is None for s in supervisor.statuses] == [True, False]
    sign.touch()
    supervisor.run(lambda: supervisor.is_ready, interval_s=0.01)
    kinds = [(e.process, e.kind) for e in stage.events]
    assert kinds == [
        ("broker", EventKind.STARTED),
        ("broker", EventKind.UNREADY),
        ("broker", EventKind.READY),
        ("web", EventKind.STARTED),
    ]


def test_stopping_takes_the_grandchildren_along_and_the_broker_last(stage: Stage, tmp_path: Path) -> None:
    same, own = tmp_path / "same", tmp_path / "own"
    supervisor = stage.supervise(
        [
            python("broker", SLEEP, stops_last=True),
            python("web", with_grandchild(same)),
            python("worker", with_grandchild(own, new_session=True), tier=1),
        ]
    )
    supervisor.start()
    grandchildren = [stage.number_in(same), stage.number_in(own)]
    supervisor.stop()
    assert all(is_gone(pid) for pid in grandchildren)
    assert stage.events[-1].process == "broker"
    assert {e.kind for e in stage.events[3:]} == {EventKind.STOPPED}
    assert list(stage.run_dir.glob("*.pid")) == []
    supervisor.stop()


def test_what_a_dead_process_begot_is_killed_before_it_starts_again(stage: Stage, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    supervisor = stage.supervise([python("worker", with_grandchild(note))])
    supervisor.start()
    grandchild = stage.number_in(note)
    os.kill(pid_of(supervisor, "worker"), signal.SIGKILL)
    supervisor.run(lambda: stage.told(EventKind.DIED), interval_s=0.01)
    assert is_gone(grandchild)


def test_one_that_ignores_the_stop_signal_is_killed_in_time(stage: Stage) -> None:
    deaf = python("deaf", STUBBORN, stop_timeout_s=0.5)
    supervisor = stage.supervise([deaf, python("broker", STUBBORN, stop_timeout_s=0.5, stops_last=True)])
    supervisor.start()
    for name in ("deaf", "broker"):
        wait_for((stage.log_dir / f"{name}.log").read_text)
    asked_at = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - asked_at >= 1.0  # half a second each, one after the other
    waits.not_after(asked_at, 3.0, "stopping both")
    assert [e.text for e in stage.told(EventKind.KILLED)] == [
        "deaf killed, it had not stopped within 0.5 s",
        "broker killed, it had not stopped within 0.5 s",
    ]


def test_a_second_request_kills_at_once(stage: Stage) -> None:
    supervisor = stage.supervise([python("deaf", STUBBORN), python("broker", STUBBORN, stops_last=True)])
    supervisor.start()
    for name in ("deaf", "broker"):
        wait_for((stage.log_dir / f"{name}.log").read_text)
    asked_at = time.monotonic()
    supervisor.stop(is_hurried=lambda: time.monotonic() - asked_at > 0.2)
    waits.not_after(asked_at, 3.0, "killing both")  # of the nine that it might have taken


def test_a_process_gets_its_own_signal_and_environment(stage: Stage, tmp_path: Path) -> None:
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGQUIT, lambda *_: (print('quit', flush=True), os._exit(0)))\n"
        "print(os.environ['COLOUR'], os.getcwd(), os.getsid(0) == os.getpid(), flush=True)\n"
        "time.sleep(60)"
    )
    process = python("web", code, env={"COLOUR": "blue"}, cwd=tmp_path, stop_signal=signal.SIGQUIT)
    supervisor = stage.supervise([process])
    supervisor.start()
    log = stage.log_dir / "web.log"
    wait_for(log.read_text)
    supervisor.stop()
    assert log.read_text() == f"blue {tmp_path} True\nquit\n"


def test_a_screen_that_is_gone_keeps_nothing_from_being_stopped(stage: Stage) -> None:
    def broken(_: object) -> None:
        raise BrokenPipeError

    supervisor = Supervisor(
        [python("web", SLEEP)], run_dir=stage.run_dir, log_dir=stage.log_dir, on_event=broken
    )
    supervisor.start()
    pid = pid_of(supervisor, "web")
    supervisor.stop()
    assert is_gone(pid)


def test_a_second_supervisor_is_refused_and_disturbs_nothing(stage: Stage) -> None:
    first = stage.supervise([python("web", SLEEP)])
    first.start()
    second = stage.supervise([python("web", SLEEP)])
    with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        second.start()
    second.stop()
    assert not is_gone(pid_of(first, "web"))
    first.stop()
    second.start()


def test_a_folder_that_cannot_be_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    supervisor = Supervisor(
        [python("web", SLEEP)], run_dir=tmp_path / "file" / "run", log_dir=tmp_path, on_event=print
    )
    with pytest.raises(NotWritable):
        supervisor.start()
    supervisor.stop()


def test_two_processes_of_one_name_are_refused(stage: Stage) -> None:
    with pytest.raises(ValueError, match="two processes are called web"):
        stage.supervise([python("web", SLEEP), python("web", SLEEP)])


def as_program(stage: Stage, code: str) -> str:
    """A program that supervises *code* as web until it is asked to stop."""
    return (
        "import sys\n"
        "from pathlib import Path\n"
        "from thalas.supervision.processes import Process\n"
        "from thalas.supervision.signals import signals\n"
        "from thalas.supervision.supervisor import Supervisor\n"
        f"web = Process(name='web', argv=(sys.executable, '-S', '-c', {code!r}))\n"
        f"folders = dict(run_dir=Path({str(stage.run_dir)!r}), log_dir=Path({str(stage.log_dir)!r}))\n"
        "supervisor = Supervisor([web], **folders, on_event=lambda event: print(event, flush=True))\n"
        "with signals() as flag:\n"
        "    supervisor.start()\n"
        "    supervisor.run(lambda: flag.is_set)\n"
        "    supervisor.stop(is_hurried=lambda: flag.is_hurried)\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_supervisors_group_stops_all_in_order(
    stage: Stage, tmp_path: Path, number: signal.Signals
) -> None:
    note = tmp_path / "grandchild"
    argv = (sys.executable, "-c", as_program(stage, with_grandchild(note)))
    with subprocess.Popen(
        argv, cwd=ROOT, start_new_session=True, text=True, stdout=subprocess.PIPE
    ) as supervisor:
        grandchild = stage.number_in(note)
        os.killpg(supervisor.pid, number)  # as a terminal does: to all of the group in front
        said, _ = supervisor.communicate(timeout=30)
    assert supervisor.returncode == 0
    assert said == "web started\nweb stopped\n"
    assert is_gone(grandchild)


def test_what_a_killed_supervisor_left_is_stopped_by_the_next(stage: Stage, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    argv = (sys.executable, "-c", as_program(stage, with_grandchild(note)))
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL) as killed:
        grandchild = stage.number_in(note)
        killed.kill()
    leftovers = sessions.marked(stage.run_dir)
    assert len(leftovers) == 2
    assert grandchild in {p.pid for p in leftovers}
    supervisor = stage.supervise([python("web", SLEEP)])
    supervisor.start()
    assert not any(sessions.is_alive(p) for p in leftovers)
    assert [e.text for e in stage.told(EventKind.LEFTOVER)] == ["web was left by a killed run; stopped it"]
    assert pid_of(supervisor, "web") not in {p.pid for p in leftovers}


def test_a_leftover_without_its_pid_file_is_found_by_its_mark(stage: Stage, tmp_path: Path) -> None:
    note = tmp_path / "grandchild"
    marked = {**os.environ, sessions.MARK: sessions.mark_of(stage.run_dir)}
    with subprocess.Popen(
        (sys.executable, "-S", "-c", with_grandchild(note, code=SLEEP)), env=marked
    ) as parent:
        grandchild = stage.number_in(note)
        parent.kill()
    supervisor = stage.supervise([])
    supervisor.start()
    assert is_gone(grandchild)
    assert len(stage.told(EventKind.LEFTOVER)) == 1


def test_after_the_claim_a_leftover_holds_no_port(stage: Stage, tmp_path: Path) -> None:
    note = tmp_path / "port"
    code = (
        "import socket, time; s = socket.create_server(('127.0.0.1', 0));"
        f"open({str(note)!r}, 'w').write(str(s.getsockname()[1])); time.sleep(60)"
    )
    marked = {**os.environ, sessions.MARK: sessions.mark_of(stage.run_dir)}
    with subprocess.Popen((sys.executable, "-S", "-c", code), env=marked):
        port = stage.number_in(note)
        with pytest.raises(PortBusy):
            ports.ensure_free("127.0.0.1", port, "THALAS_WEB_PORT")
        supervisor = stage.supervise([python("web", SLEEP)])
        supervisor.claim()
        ports.ensure_free("127.0.0.1", port, "THALAS_WEB_PORT")
    assert supervisor.statuses[0].pid is None
    supervisor.start()
    assert pid_of(supervisor, "web")


def test_a_stranger_who_has_an_old_pid_is_left_alone(stage: Stage) -> None:
    stage.run_dir.mkdir()
    with subprocess.Popen((sys.executable, "-S", "-c", SLEEP), start_new_session=True) as stranger:
        record = PidRecord(stranger.pid, psutil.Process(stranger.pid).create_time() - 60, "old")
        path = pidfiles.path_of(stage.run_dir, "old")
        path.write_text(f'{{"pid": {record.pid}, "create_time": {record.create_time}, "name": "old"}}')
        pidfiles.path_of(stage.run_dir, "broken").write_text("{")
        supervisor = stage.supervise([python("web", SLEEP)])
        supervisor.start()
        assert not path.exists()
        assert stage.told(EventKind.LEFTOVER) == []
        supervisor.stop()
        assert stranger.poll() is None
        stranger.kill()
