"""People made and passwords changed on the command line: each is in the audit chain, no password is."""

import json
import os
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command, get_commands

from thalas import models
from thalas.management.commands import changepassword, createsuperuser
from thalas.selectors import audits

pytestmark = pytest.mark.usefixtures("house")

PASSWORD = "a long and random one"
ANOTHER = "still longer, and as random"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is typed where a password is asked for, in this order."""
    words: list[str] = []
    monkeypatch.setattr("getpass.getpass", lambda _prompt="", **_: words.pop(0))
    return words


@pytest.fixture
def ann() -> User:
    """Somebody whom the command has made."""
    os.environ["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
    try:
        call_command(
            createsuperuser.Command(),
            "--noinput",
            "--username=ann",
            "--email=ann@example.com",
            stdout=StringIO(),
        )
    finally:
        del os.environ["DJANGO_SUPERUSER_PASSWORD"]
    return User.objects.get(username="ann")


def kept() -> str:
    """Return all that the chain keeps, as text."""
    return json.dumps([[row.actor, row.action, row.target, row.details] for row in audits.entries(limit=100)])


def test_who_is_made_on_the_command_line_is_in_the_chain(ann: User) -> None:
    assert ann.is_superuser
    assert ann.check_password(PASSWORD)
    entry = models.AuditEntry.objects.get(action="user.create")
    assert (entry.target, entry.details) == (str(ann.pk), {"username": "ann", "is_superuser": True})
    assert entry.actor.endswith("on the command line")
    assert PASSWORD not in kept()
    assert not audits.verify().broken


def test_whoever_exists_already_is_neither_made_nor_told_of(ann: User) -> None:
    entries = models.AuditEntry.objects.count()
    with pytest.raises(CommandError):
        call_command(createsuperuser.Command(), "--noinput", "--username=ann", "--email=a@example.com")
    assert models.AuditEntry.objects.count() == entries


def test_a_password_that_is_changed_is_in_the_chain_and_the_password_is_not(
    ann: User, typed: list[str]
) -> None:
    typed += ["not", "alike", "short", "short", ANOTHER, ANOTHER]
    call_command(changepassword.Command(), "ann", stdout=StringIO(), stderr=StringIO())
    ann.refresh_from_db()
    assert ann.check_password(ANOTHER)
    entry = models.AuditEntry.objects.get(action="user.edit")
    assert (entry.target, entry.details) == (str(ann.pk), {"username": "ann", "password": "[not kept]"})
    assert entry.actor.endswith("on the command line")
    assert not any(word in kept() for word in (PASSWORD, ANOTHER, ann.password))


def test_after_three_tries_the_password_stays(ann: User, typed: list[str]) -> None:
    typed += ["not", "alike"] * 3
    with pytest.raises(CommandError, match="after 3 tries"):
        call_command(changepassword.Command(), "ann", stdout=StringIO(), stderr=StringIO())
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)
    assert not models.AuditEntry.objects.filter(action="user.edit").exists()


def test_a_name_that_nobody_has_is_refused_before_anything_is_typed(typed: list[str]) -> None:
    with pytest.raises(CommandError, match="there is no user bob"):
        call_command(changepassword.Command(), "bob", stdout=StringIO())
    assert typed == []


def test_these_commands_are_the_ones_that_manage_py_runs() -> None:
    found = get_commands()
    assert {name: found[name] for name in ("createsuperuser", "changepassword")} == {
        "createsuperuser": "thalas",
        "changepassword": "thalas",
    }
