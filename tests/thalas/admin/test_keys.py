"""Keys in the admin: looked at, and revoked."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from tests.thalas.admin.clients import sign_in
from tests.thalas.api import callers
from thalas import models
from thalas.admin.keys import ApiKeyAdmin

pytestmark = pytest.mark.usefixtures("house")
KEYS = "/admin/thalas/apikey/"


@pytest.fixture
def browser(admin_user: User) -> Client:
    """A browser in which an administrator is signed in."""
    return sign_in(admin_user)


def test_keys_are_listed_without_what_could_open_anything(browser: Client) -> None:
    made = callers.key()
    for page in (KEYS, f"{KEYS}{made.key.prefix}/change/"):
        shown = browser.get(page).content.decode()
        assert made.key.prefix in shown
        assert made.key.secret_sha256 not in shown
        assert made.shown.partition(".")[2] not in shown
    assert browser.get(f"{KEYS}add/").status_code == 403
    assert browser.post(f"{KEYS}{made.key.prefix}/delete/", {"post": "yes"}).status_code == 403


def test_a_person_revokes_keys_and_the_record_says_who(browser: Client) -> None:
    made, kept = callers.key(), callers.key()
    typed = {"action": "revoke", "_selected_action": [made.key.prefix]}
    for _ in range(2):  # the second time there is nothing to revoke, and the page says so
        assert browser.post(KEYS, typed, follow=True).status_code == 200
    assert models.ApiKey.objects.get(pk=made.key.prefix).revoked_at is not None
    assert models.ApiKey.objects.get(pk=kept.key.prefix).revoked_at is None
    entry = models.AuditEntry.objects.get(action="key.revoke")
    assert (entry.actor, entry.target) == ("admin", made.key.prefix)


def test_who_may_only_look_may_not_revoke(django_user_model: type[User]) -> None:
    reader = django_user_model.objects.create_user("reader", password="x" * 12, is_staff=True)
    request = RequestFactory().get(KEYS)
    request.user = reader
    assert not ApiKeyAdmin(models.ApiKey, admin.site).has_revoke_permission(request)
