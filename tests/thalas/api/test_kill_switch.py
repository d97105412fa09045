"""The kill switch over HTTP and on the command line: latched, audited, and released by its own scope only."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from tests.thalas.api import callers
from thalas import models
from thalas.selectors import accounts, audits, clock
from thalas.services import switches

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/kill-switch"


def post(path: str, *scopes: str, reason: object = "prices look wrong") -> tuple[int, dict[str, object]]:
    """Post *reason* with a fresh key of *scopes*; return status and body."""
    client = callers.client(callers.key(*scopes).shown)
    answer = client.post(HERE + path, {"reason": reason}, content_type="application/json")
    return answer.status_code, answer.json()


def actions() -> list[str]:
    """Return what the switch's entries in the audit chain say, the oldest first."""
    entries = [entry for entry in reversed(audits.entries()) if entry.action.startswith("kill_switch")]
    return [entry.action for entry in entries]


def test_a_tripped_switch_stays_engaged_and_says_by_whom_and_why() -> None:
    status, told = post("/trip", "switch:trip")
    assert (status, told["is_engaged"], told["reason"]) == (200, True, "prices look wrong")
    assert str(told["changed_by"]).startswith("key ")
    assert accounts.is_killed() is True
    read = callers.client(callers.key("switch:read").shown).get(HERE).json()
    assert read == told
    assert actions() == ["kill_switch.trip"]


def test_a_second_trip_changes_nothing_and_is_no_second_entry() -> None:
    first = post("/trip", "switch:trip")[1]
    second = post("/trip", "switch:trip", reason="another reason")[1]
    assert second == first
    assert actions() == ["kill_switch.trip"]


def test_who_may_trip_may_not_release() -> None:
    post("/trip", "switch:trip")
    assert post("/release", "switch:trip")[0] == 403
    assert post("/release", "switch:read")[0] == 403
    assert accounts.is_killed() is True
    status, told = post("/release", "switch:release", reason="prices are right again")
    assert (status, told["is_engaged"]) == (200, False)
    assert accounts.is_killed() is False
    assert actions() == ["kill_switch.trip", "kill_switch.release"]


def test_who_may_release_may_not_trip() -> None:
    assert post("/trip", "switch:release")[0] == 403
    assert accounts.is_killed() is False


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201, 5, None])
def test_a_turn_without_a_usable_reason_is_refused_by_name(reason: object) -> None:
    status, told = post("/trip", "switch:trip", reason=reason)
    assert status == 400
    assert "reason" in told["details"]  # type: ignore[operator]
    assert accounts.is_killed() is False


def test_a_switch_without_a_row_is_engaged_and_a_release_makes_the_row() -> None:
    models.KillSwitch.objects.all().delete()
    read = callers.client(callers.key("switch:read").shown).get(HERE).json()
    assert (read["is_engaged"], read["is_readable"]) == (True, False)
    assert post("/release", "switch:release")[1]["is_engaged"] is False
    assert accounts.is_killed() is False


def test_a_turn_that_cannot_be_audited_is_no_turn() -> None:
    # An entry stands where the next one belongs: appending fails.
    models.AuditEntry.objects.create(seq=1, at=clock.now(), actor="x", action="x", sha256="0" * 64)
    models.AuditHead.objects.create(seq=0, sha256="0" * 64)
    with pytest.raises(IntegrityError):
        switches.trip(reason="drill", by="Ann", now=clock.now())
    assert accounts.is_killed() is False


def told_by(*words: str) -> str:
    """Run `manage.py kill_switch` with *words*; return what it says."""
    out = StringIO()
    call_command("kill_switch", *words, stdout=out)
    return out.getvalue()


def test_the_command_trips_shows_and_releases() -> None:
    assert told_by().startswith("released")
    assert told_by("trip", "--reason", "drill").startswith("engaged")
    assert "drill" in told_by("status")
    assert told_by("release", "--reason", "drill over").startswith("released")
    assert actions() == ["kill_switch.trip", "kill_switch.release"]


def test_the_command_wants_a_reason() -> None:
    with pytest.raises(CommandError, match="reason") as refused:
        told_by("trip")
    assert refused.value.returncode == 2
