"""What is up and what is not: a line for every part, and one that cannot be seen does not hide the rest."""

import socket
from datetime import datetime, timedelta

import pytest
from django.db import connection
from pytest_django import Settings

from tests.thalas.services import councils_at_work as council
from thalas import canaries, models
from thalas.selectors import clock, health
from thalas.services import guards, refusals

pytestmark = pytest.mark.usefixtures("house")

PARTS = [
    "database",
    "broker",
    "workers",
    "queues",
    "guards",
    "beat",
    "kill switch",
    "runs",
    "voters",
    "broker messages",
    "web",
    "flower",
    "metrics",
]


def found(*, after_s: float = 0.0, since: datetime | None = None) -> dict[str, health.Finding]:
    """Return the findings so many seconds *since* then, or from now on, by part."""
    now = (since or clock.now()) + timedelta(seconds=after_s)
    return {finding.part: finding for finding in health.findings(now=now)}


def test_with_nothing_running_each_part_says_so_in_its_line() -> None:
    told = {part: (finding.is_well, finding.told) for part, finding in found().items()}
    assert list(told) == PARTS
    assert told["database"] == (True, f"{connection.vendor}, migrated")
    assert told["broker"] == (False, "does not answer; runs are accepted and will close without votes")
    assert told["workers"] == (False, "0 answer; nobody eats from votes, core")
    assert told["guards"] == (False, "0 alive")
    assert told["kill switch"] == (True, "off")
    assert told["runs"] == (True, "0 open, 0 overdue")
    assert told["voters"] == (True, "5 can be asked")
    assert [told[page][0] for page in ("web", "flower", "metrics")] == [False, False, False]


@pytest.mark.parametrize("part", ["web", "flower", "metrics"])
def test_a_server_is_up_while_somebody_listens_where_it_should(part: str, settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        settings.HOUSE = settings.HOUSE.model_copy(update={f"thalas_{part}_port": port})
        told = found()[part]
    assert told == health.Finding(part, True, f"listens on 127.0.0.1:{port}", is_vital=False)
    assert found()[part].told == f"nobody listens on 127.0.0.1:{port}"


def test_a_guard_is_alive_for_ten_seconds_after_its_last_beat() -> None:
    now = clock.now()
    guards.beat("guard-1", now=now)
    assert found(after_s=9, since=now)["guards"] == health.Finding("guards", is_well=True, told="1 alive")
    assert found(after_s=11, since=now)["guards"].is_well is False


def test_beat_is_silent_after_fifteen_seconds_without_a_tick() -> None:
    assert found()["beat"].told == "has never ticked; run `manage.py sync_schedule`"
    now = clock.now()
    coins = models.Watchlist.objects.create(name="few", symbols=["BTC/USD"])
    models.Schedule.objects.create(
        name="s", why="w", watchlist=coins, timeframe="1d", starts_at=now, ticked_at=now
    )
    assert found(after_s=14, since=now)["beat"].is_well is True
    assert found(after_s=16, since=now)["beat"].is_well is False


def test_a_queue_is_silent_after_fifteen_seconds_without_a_canary() -> None:
    assert found()["queues"].told == "silent: votes since ever, core since ever"
    now = clock.now()
    assert canaries.heard("votes", now=now)
    assert canaries.heard("core", now=now)
    well = health.Finding("queues", True, "a canary came through each")
    assert found(after_s=14, since=now)["queues"] == well
    canaries.heard("core", now=now + timedelta(seconds=10))
    silent = health.Finding("queues", False, "silent: votes 20 s")
    assert found(after_s=20, since=now)["queues"] == silent


def test_a_canary_of_a_queue_that_is_none_leaves_no_row() -> None:
    assert canaries.heard("x" * 300, now=clock.now()) is False
    assert not models.Heartbeat.objects.exists()


def test_refused_messages_are_told_and_never_vital_and_matter_for_an_hour() -> None:
    assert found()["broker messages"].told == "none was ever refused"
    now = clock.now()
    refusals.count("malformed", now=now, times=3)
    refusals.count("unknown_task", now=now)
    told = "4 refused, the last 60 s ago: 3 malformed, 1 unknown_task"
    refused = health.Finding("broker messages", False, told, is_vital=False)
    assert found(after_s=60, since=now)["broker messages"] == refused
    assert found(after_s=3700, since=now)["broker messages"].is_well is True


def test_an_open_run_two_seconds_past_its_deadline_is_overdue() -> None:
    now = council.opened(deadline_s=1.0).opened_at
    fine = health.Finding("runs", is_well=True, told="1 open, 0 overdue")
    assert found(after_s=2, since=now)["runs"] == fine
    overdue = health.Finding("runs", is_well=False, told="1 open, 1 overdue")
    assert found(after_s=4, since=now)["runs"] == overdue


@pytest.mark.parametrize(
    ("state", "is_well", "told"),
    [
        ("engaged", True, "on: nothing is approved"),
        ("???", False, "unreadable, which counts as on: nothing is approved"),
    ],
)
def test_the_kill_switch_is_told_and_never_vital(state: str, is_well: bool, told: str) -> None:
    models.KillSwitch.objects.update(state=state)
    assert found()["kill switch"] == health.Finding("kill switch", is_well, told, is_vital=False)


def test_without_a_voter_nobody_can_be_asked() -> None:
    models.Voter.objects.update(is_enabled=False)
    assert found()["voters"] == health.Finding("voters", is_well=False, told="0 can be asked")


@pytest.mark.django_db
def test_a_part_that_cannot_be_looked_at_is_a_finding_beside_the_others() -> None:
    def faint(_now: object) -> health.Finding:
        raise ZeroDivisionError

    finding = health._looked("broker", faint, clock.now())
    assert finding == health.Finding("broker", is_well=False, told="cannot be looked at: ZeroDivisionError")
