"""`manage.py api_key`: a secret is shown once, and what cannot be used is named."""

import pytest

from tests.thalas.management import terminals
from thalas import models
from thalas.selectors.keys import recognised

pytestmark = pytest.mark.usefixtures("house")


def made(*words: str) -> str:
    """Make a key and return `prefix.secret` as the terminal shows it."""
    said = terminals.run("api_key", "create", "desk", "--scopes", "runs:write, runs:read", *words)
    assert said.code == 0, said.refusal
    return said.out.splitlines()[0]


def test_a_key_is_made_shown_once_and_works() -> None:
    shown = made("--expires", "90d", "--account", "demo", "--per-minute", "7")
    known = recognised(shown)
    assert known is not None
    assert known.scopes == {"runs:read", "runs:write"}
    assert known.limits == ((10, 1), (7, 60), (1000, 3600))
    key = models.ApiKey.objects.get()
    assert key.expires_at is not None
    assert (key.expires_at - key.created_at).days == 90
    entry = models.AuditEntry.objects.get(action="key.create")
    assert entry.actor.endswith("on the command line")
    listed = terminals.run("api_key", "list").out
    assert listed.startswith(f"{key.prefix}  good     desk  account demo  runs:read,runs:write  until")
    assert shown.partition(".")[2] not in listed


def test_a_key_may_live_for_ever() -> None:
    made("--expires", "never")
    assert models.ApiKey.objects.get().expires_at is None
    assert "until never" in terminals.run("api_key", "list").out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["create", "a", "--scopes", "runs:erase"], "scopes='runs:erase' cannot be used: give one or more"),
        (["create", "a", "--scopes", " , "], "scopes='' cannot be used"),
        (["create", "a", "--scopes", "runs:read", "--expires", "soon"], "expires='soon' cannot be used"),
        (["create", "a", "--scopes", "runs:read", "--expires", "0d"], "give a time to come"),
        (["create", "a", "--scopes", "runs:read", "--account", "x"], "account='x' cannot be used"),
        (["create", "a", "--scopes", "runs:read", "--per-hour", "0"], "per_hour=0 cannot be used"),
        (["revoke", "tk0"], "no key has the prefix tk0"),
        (["rotate", "tk0", "--overlap", "1y"], "overlap='1y' cannot be used: give a number and"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(words: list[str], told: str) -> None:
    said = terminals.run("api_key", *words)
    assert said.code == 2
    assert told in said.refusal
    assert not models.ApiKey.objects.exists()


def test_a_key_is_rotated_with_an_overlap_and_revoked_at_once() -> None:
    old = made()
    prefix = old.partition(".")[0]
    said = terminals.run("api_key", "rotate", prefix, "--overlap", "1d")
    new = said.out.splitlines()[0]
    assert f"{prefix} works until" in said.out
    assert recognised(old) is not None
    assert recognised(new) is not None
    assert terminals.run("api_key", "revoke", prefix).out == (
        f"{prefix} (desk) is revoked and opens nothing any more.\n"
    )
    assert recognised(old) is None
    assert recognised(new) is not None
    assert "revoked  desk" in terminals.run("api_key", "list").out


def test_without_keys_the_list_says_how_to_make_one() -> None:
    assert "`manage.py api_key create NAME --scopes …` makes one" in terminals.run("api_key", "list").out
