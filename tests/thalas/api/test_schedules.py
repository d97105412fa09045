"""Schedules over HTTP: next due times, pausing, and what may be changed of those that the code declares."""

from datetime import datetime, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django_celery_beat.models import PeriodicTask

from tests.thalas.api import callers
from thalas import models
from thalas.selectors import audits, clock
from thalas.services import schedules

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/schedules"
MINE = {
    "name": "mine",
    "why": "to try",
    "watchlist": "bitcoin",
    "timeframe": "1d",
    "cadence": "interval",
    "every_s": 60,
}


@pytest.fixture
def client() -> Client:
    """Return a client that may read and write schedules."""
    return callers.client(callers.key("schedules:read", "schedules:write").shown)


def make(client: Client, **changes: object) -> HttpResponse:
    """Post a schedule; return the answer."""
    body = {field: value for field, value in {**MINE, **changes}.items() if value is not ...}
    return client.post(HERE, body, content_type="application/json")  # type: ignore[return-value]


def patch(client: Client, name: str, **body: object) -> HttpResponse:
    """Change a schedule; return the answer."""
    return client.patch(f"{HERE}/{name}", body, content_type="application/json")  # type: ignore[return-value]


def test_a_schedule_is_made_and_comes_due_and_beat_knows_it(client: Client) -> None:
    before = clock.now()
    made = make(client)
    told = made.json()  # type: ignore[attr-defined]
    assert (made.status_code, told["name"], told["deadline_s"]) == (201, "mine", 30.0)
    due = [datetime.fromisoformat(at) for at in told["next_due"]]
    assert len(due) == 3
    assert due[1] - due[0] == timedelta(seconds=60)
    assert before < due[0] <= clock.now() + timedelta(seconds=60)
    assert PeriodicTask.objects.filter(name="thalas.tick.mine", enabled=True).exists()
    assert audits.entries(limit=1)[0].action == "schedule.create"


def test_a_schedule_has_a_method_and_only_one_that_there_is(client: Client) -> None:
    assert make(client).json()["method"] == "weighted_majority"  # type: ignore[attr-defined]
    assert patch(client, "mine", method="risk_adjusted").json()["method"] == "risk_adjusted"  # type: ignore[attr-defined]
    assert patch(client, "majors-daily", method="log_opinion_pool").status_code == 200  # a declared one too
    told = patch(client, "mine", method="dictator")
    assert told.status_code == 400
    assert "or log_opinion_pool" in told.json()["details"]["method"]  # type: ignore[attr-defined]
    assert models.Schedule.objects.get(pk="mine").method == "risk_adjusted"


def test_every_schedule_is_listed_with_its_next_due_times_and_a_paused_one_has_none(client: Client) -> None:
    told = {row["name"]: row for row in client.get(HERE).json()["schedules"]}
    assert set(told) == {"majors-daily", "bitcoin-hourly"}
    assert len(told["majors-daily"]["next_due"]) == 3
    assert told["bitcoin-hourly"]["next_due"] == []


def test_a_paused_schedule_fires_nothing_and_a_resumed_one_does_not_catch_up(client: Client) -> None:
    make(client, every_s=1)
    assert client.post(f"{HERE}/mine/pause").json()["is_enabled"] is False
    assert schedules.tick("mine", now=clock.now() + timedelta(minutes=5)) == []
    assert client.post(f"{HERE}/mine/resume").json()["is_enabled"] is True
    schedule = models.Schedule.objects.get(pk="mine")
    assert schedule.ticked_at is not None
    slots = schedules.tick("mine", now=schedule.ticked_at + timedelta(seconds=1.5))
    assert len(slots) in (1, 2)
    actions = [entry.action for entry in audits.entries() if entry.target == "mine"]
    assert actions == ["schedule.edit", "schedule.edit", "schedule.create"]


def test_its_slots_are_told_with_state_and_reason_in_pages(client: Client) -> None:
    at = clock.now()
    for number in range(3):
        models.Slot.objects.create(
            schedule_id="majors-daily",
            due_at=at + timedelta(seconds=number),
            state="missed",
            reason=f"reason {number}",
            created_at=at,
        )
    page = client.get(f"{HERE}/majors-daily/slots", {"limit": 2}).json()
    assert [row["reason"] for row in page["slots"]] == ["reason 2", "reason 1"]
    rest = client.get(f"{HERE}/majors-daily/slots", {"limit": 2, "before": page["older"]}).json()
    assert [row["reason"] for row in rest["slots"]] == ["reason 0"]
    assert rest["older"] is None
    assert (
        client.get(f"{HERE}/majors-daily/slots", {"before": "0001-01-01T00:00:00+14:00"}).status_code == 400
    )


def test_of_a_declared_schedule_only_what_the_next_sync_leaves_alone_can_be_changed(client: Client) -> None:
    assert patch(client, "majors-daily", deadline_s=60, overlap="allow").status_code == 200
    refused = patch(client, "majors-daily", timeframe="1h", why="other")
    assert (refused.status_code, "timeframe, why" in refused.json()["detail"]) == (409, True)  # type: ignore[attr-defined]
    assert client.delete(f"{HERE}/majors-daily").status_code == 409


def test_an_own_schedule_can_be_changed_and_deleted_with_its_row_in_beat(client: Client) -> None:
    make(client)
    assert patch(client, "mine", why="better", cadence="crontab", crontab="0 8 * * *").status_code == 200
    assert client.delete(f"{HERE}/mine").status_code == 204
    assert client.get(f"{HERE}/mine").status_code == 404
    assert not PeriodicTask.objects.filter(name="thalas.tick.mine").exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"watchlist": "nowhere"}, "watchlist"),
        ({"timeframe": "7d"}, "timeframe"),
        ({"every_s": ...}, "every_s"),
        ({"every_s": 0}, "every_s"),
        ({"cadence": "crontab", "crontab": "61 * * * *"}, "crontab"),
        ({"cadence": "crontab"}, "crontab"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"deadline_s": 0}, "deadline_s"),
        ({"cadence": "sometimes"}, "cadence"),
        ({"is_declared": True}, "is_declared"),
        ({"why": ""}, "why"),
        ({"name": "a b"}, "name"),
        ({"missed": None}, "missed"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    client: Client, changes: dict[str, object], field: str
) -> None:
    answer = make(client, **changes)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])  # type: ignore[attr-defined]
    assert not models.Schedule.objects.filter(pk="mine").exists()


def test_a_taken_name_is_409_and_an_unknown_one_404(client: Client) -> None:
    assert make(client, name="majors-daily").status_code == 409
    assert patch(client, "nobody", why="x").status_code == 404
    assert client.get(f"{HERE}/nobody/slots").status_code == 404
