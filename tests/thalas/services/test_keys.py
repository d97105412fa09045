"""Keys: made once, known by a hash, rotated with an overlap, revoked for good, every change on record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.thalas.api import callers
from thalas import models
from thalas.errors import BadInput, NotFound, NotPossible
from thalas.selectors import clock
from thalas.selectors.keys import recognised
from thalas.services import keys
from thalas.services.keys import Limits

pytestmark = pytest.mark.usefixtures("house")


def record() -> list[tuple[str, str]]:
    """Return what the audit chain holds about keys, the oldest first."""
    entries = models.AuditEntry.objects.filter(action__startswith="key.").order_by("seq")
    return [(entry.action, entry.target) for entry in entries]


def test_the_secret_has_256_bits_and_only_its_hash_is_kept() -> None:
    made = callers.key()
    prefix, _, secret = made.shown.partition(".")
    row = models.ApiKey.objects.values().get(pk=prefix)
    assert len(secret) == 43  # 256 bits in letters of 6 bits each
    assert secret not in str(row)
    assert secret not in str(list(models.AuditEntry.objects.values()))
    assert callers.key().shown != made.shown


def test_a_good_key_is_recognised_with_its_account_scopes_and_limits() -> None:
    made = callers.key("runs:read", "audit:read", limits=Limits(1, 2, 3))
    known = keys.admit(made.shown)
    assert known is not None
    assert (known.prefix, known.account) == (made.key.prefix, "demo")
    assert known.scopes == {"runs:read", "audit:read"}
    assert known.limits == ((1, 1), (2, 60), (3, 3600))


def test_its_use_is_noted_and_at_most_once_a_minute() -> None:
    made = callers.key()
    keys.admit(made.shown)
    noted = models.ApiKey.objects.get().last_used_at
    assert noted is not None
    with CaptureQueriesContext(
        connection,
    ) as asked:
        keys.admit(made.shown)
    assert {query["sql"][:6] for query in asked.captured_queries} == {"SELECT"}
    assert models.ApiKey.objects.get().last_used_at == noted
    models.ApiKey.objects.update(last_used_at=noted - timedelta(seconds=61))
    keys.admit(made.shown)
    assert (models.ApiKey.objects.get().last_used_at or noted) > noted - timedelta(seconds=61)


def test_the_use_of_a_key_that_is_no_good_is_not_noted() -> None:
    made = callers.key()
    keys.revoke(made.key.prefix, by="a test", now=clock.now())
    assert keys.admit(made.shown) is None
    assert keys.admit(f"{made.key.prefix}.wrong") is None
    assert models.ApiKey.objects.get().last_used_at is None


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "  "}, "name='  ' cannot be used: give 1 to 80 characters"),
        ({"scopes": ["runs:read", "runs:erase"]}, "scopes='runs:erase' cannot be used: give one or more of"),
        ({"scopes": []}, "scopes='' cannot be used"),
        ({"account": "nobody"}, "account='nobody' cannot be used: give one of demo"),
        ({"expires_at": "past"}, "cannot be used: give a time to come"),
        ({"limits": Limits(per_minute=0)}, "per_minute=0 cannot be used"),
        ({"limits": Limits(per_hour=10**9)}, "per_hour=1000000000 cannot be used"),
    ],
)
def test_what_cannot_be_used_is_named_and_nothing_is_made(changes: dict[str, object], told: str) -> None:
    now = clock.now()
    if "expires_at" in changes:
        changes = {"expires_at": now}
    given: dict[str, object] = {
        "name": "a test",
        "scopes": ["runs:read"],
        "account": "demo",
        "expires_at": None,
        "limits": Limits(),
        **changes,
    }
    with pytest.raises(BadInput, match=told.replace("(", r"\(")):
        keys.create(by="a test", now=now, **given)  # type: ignore[arg-type]
    assert not models.ApiKey.objects.exists()
    assert record() == []


def test_after_a_rotation_both_keys_work_until_the_overlap_is_over() -> None:
    old = callers.key("runs:read", limits=Limits(1, 2, 3), expires_at=clock.now() + timedelta(days=90))
    now = clock.now()
    new = keys.rotate(old.key.prefix, overlap=timedelta(days=1), by="a test", now=now)
    assert recognised(old.shown) is not None
    assert recognised(new.shown) is not None
    assert models.ApiKey.objects.get(pk=old.key.prefix).expires_at == now + timedelta(days=1)
    assert new.key.replaces_id == old.key.prefix
    kept = ("name", "scopes", "account_id", "per_second", "per_minute", "per_hour")
    assert [getattr(new.key, field) for field in kept] == [getattr(old.key, field) for field in kept]
    assert new.key.expires_at is not None
    assert timedelta(days=89) < new.key.expires_at - now <= timedelta(days=90)
    models.ApiKey.objects.filter(pk=old.key.prefix).update(expires_at=clock.now())
    assert recognised(old.shown) is None
    assert recognised(new.shown) is not None


def test_an_overlap_never_makes_a_key_live_longer_than_it_would_have() -> None:
    ends_at = clock.now() + timedelta(hours=1)
    old = callers.key(expires_at=ends_at)
    keys.rotate(old.key.prefix, overlap=timedelta(days=1), by="a test", now=clock.now())
    assert models.ApiKey.objects.get(pk=old.key.prefix).expires_at == ends_at


def test_a_rotation_without_overlap_ends_the_old_key_at_once() -> None:
    old = callers.key()
    keys.rotate(old.key.prefix, overlap=timedelta(0), by="a test", now=clock.now())
    assert recognised(old.shown) is None


def test_a_key_that_is_no_good_cannot_be_rotated_or_revoked_again() -> None:
    made = callers.key()
    keys.revoke(made.key.prefix, by="a test", now=clock.now())
    with pytest.raises(NotPossible, match="is revoked or expired"):
        keys.rotate(made.key.prefix, overlap=timedelta(0), by="a test", now=clock.now())
    with pytest.raises(NotPossible, match="was revoked at"):
        keys.revoke(made.key.prefix, by="a test", now=clock.now())
    with pytest.raises(NotFound, match="no key has the prefix tk0"):
        keys.revoke("tk0", by="a test", now=clock.now())


def test_every_change_is_on_record() -> None:
    made = callers.key()
    new = keys.rotate(made.key.prefix, overlap=timedelta(days=1), by="Ann", now=clock.now())
    keys.revoke(new.key.prefix, by="Ann", now=clock.now())
    assert record() == [
        ("key.create", made.key.prefix),
        ("key.rotate", made.key.prefix),
        ("key.revoke", new.key.prefix),
    ]
    assert new.key.prefix in str(models.AuditEntry.objects.get(action="key.rotate").details)
