"""`manage.py healthcheck NAME`: red where its own process does not do its work, green where it does."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django_celery_beat.models import PeriodicTask
from pytest_django import Settings

from thalas import env, processes
from thalas.management.commands import healthcheck
from thalas.selectors import clock
from thalas.services import beats, guards

NAMES = set(processes.commands(env.HouseSettings()))


def exit_code(name: str) -> object:
    """Return the code with which the check of process *name* ends."""
    with pytest.raises(SystemExit) as ended:
        call_command("healthcheck", name)
    return ended.value.code


class Answering(BaseHTTPRequestHandler):
    """Answers its server's status and remembers what was asked."""

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Door)
        server.asked.append((self.path, self.headers["Host"]))
        self.send_response(server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Door(HTTPServer):
    """A web server on a free port."""

    def __init__(self) -> None:
        super().__init__((processes.LOOPBACK, 0), Answering)
        self.status = 200
        self.asked: list[tuple[str, str]] = []


@pytest.fixture
def door(settings: Settings) -> Iterator[Door]:
    """A server where the settings say that the web and Flower are."""
    with Door() as server:
        port = server.server_address[1]
        ports = dict.fromkeys(("thalas_web_port", "thalas_flower_port", "thalas_metrics_port"), port)
        settings.HOUSE = settings.HOUSE.model_copy(update=ports)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def test_every_process_of_the_table_has_a_check_and_no_other_name_has() -> None:
    assert set(healthcheck.LOOKS) == NAMES
    with pytest.raises(CommandError, match="invalid choice: 'sender'"):
        call_command("healthcheck", "sender")


def test_the_web_is_asked_for_its_sign_of_life_by_a_name_that_it_knows(
    door: Door, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = [".thalas.example", "127.0.0.1"]
    assert exit_code("web") == 0
    assert exit_code("flower") == 0
    assert exit_code("metrics") == 0
    assert door.asked == [
        ("/healthz", "thalas.example"),
        ("/healthcheck", "localhost"),
        (healthcheck.FIGURES_PATH, "localhost"),
    ]


@pytest.mark.parametrize("name", ["web", "flower", "metrics"])
@pytest.mark.parametrize("status", [301, 400, 500, 503])
def test_any_answer_but_200_is_unwell(name: str, status: int, door: Door) -> None:
    door.status = status
    assert exit_code(name) == 1


@pytest.mark.parametrize("name", ["web", "flower", "metrics"])
def test_a_port_on_which_nobody_listens_is_unwell(name: str, door: Door) -> None:
    door.shutdown()
    door.server_close()
    assert exit_code(name) == 1


def test_a_guard_is_well_while_its_own_heartbeat_is_less_than_ten_seconds_old(house: None) -> None:
    assert exit_code("guard-1") == 1
    guards.beat("guard-1", now=clock.now() - timedelta(seconds=8))
    assert (exit_code("guard-1"), exit_code("guard-2")) == (0, 1)
    guards.beat("guard-1", now=clock.now() - timedelta(seconds=10))
    assert exit_code("guard-1") == 1


def test_beat_is_well_while_it_has_written_within_two_hundred_seconds(house: None) -> None:
    PeriodicTask.objects.all().delete()
    assert exit_code("beat") == 1
    name = beats.put("tick.x", task=beats.TICK, every_s=2, kwargs={}, why="a test")
    assert exit_code("beat") == 1
    rows = PeriodicTask.objects.filter(name=name)
    rows.update(last_run_at=clock.now() - timedelta(seconds=195))
    assert exit_code("beat") == 0
    rows.update(last_run_at=clock.now() - timedelta(seconds=200))
    assert exit_code("beat") == 1
