"""Webhooks over HTTP and on the command line: a secret is told once, and an account sees its own only."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from tests.providers.canned import canned
from tests.thalas.api import callers
from thalas import models
from thalas.selectors import audits

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/webhooks"
URL = "https://example.com/hook?token=canary"


@pytest.fixture
def client() -> Client:
    """Return a client that may read and write webhooks."""
    return callers.client(callers.key("webhooks:read", "webhooks:write").shown)


def test_a_secret_is_told_when_the_webhook_is_made_and_never_again(client: Client) -> None:
    made = client.post(HERE, {"url": URL}, content_type="application/json", headers={"Idempotency-Key": "k"})
    told = made.json()
    assert (made.status_code, told["secret"].startswith("whsec_")) == (201, True)
    secret = told.pop("secret")
    assert client.get(HERE).json() == {"webhooks": [told]}
    again = client.post(HERE, {"url": URL}, content_type="application/json", headers={"Idempotency-Key": "k"})
    assert again.json() == {**told, "secret": None}
    assert models.Webhook.objects.count() == 1
    assert secret not in str(models.IdempotentRequest.objects.values())
    kept = str([entry.details for entry in audits.entries()])
    assert secret not in kept
    assert "canary" not in kept
    assert "example.com" in kept


def test_an_account_sees_and_deletes_its_own_only(client: Client) -> None:
    made = client.post(HERE, {"url": URL}, content_type="application/json").json()
    models.Account.objects.create(name="other", equity_usd=1)
    stranger = callers.client(callers.key(account="other").shown)
    assert stranger.get(HERE).json() == {"webhooks": []}
    assert stranger.get(f"{HERE}/{made['id']}/deliveries").status_code == 404
    assert stranger.delete(f"{HERE}/{made['id']}").status_code == 404
    assert client.delete(f"{HERE}/{made['id']}").status_code == 204
    assert client.delete(f"{HERE}/{made['id']}").status_code == 404
    assert client.delete(f"{HERE}/{2**80}").status_code == 404


def test_deliveries_are_told_in_pages(client: Client) -> None:
    from_one = client.post(HERE, {"url": URL}, content_type="application/json").json()["id"]
    assert client.get(f"{HERE}/{from_one}/deliveries").json() == {"deliveries": [], "older": None}


@pytest.mark.parametrize("url", ["http://example.com/", "https://169.254.169.254/", "x", 5])
def test_an_address_inside_is_refused_by_name(client: Client, url: object) -> None:
    answer = client.post(HERE, {"url": url}, content_type="application/json")
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["url"])


def test_the_command_makes_tests_lists_and_deletes() -> None:
    out = StringIO()
    with canned() as receiver:
        receiver.answer(b"")
        call_command("webhook", "create", receiver.base_url, stdout=out)
        made = models.Webhook.objects.get()
        assert made.secret in out.getvalue()
        call_command("webhook", "test", str(made.pk), stdout=out)
        assert f"webhook {made.pk}: took it with 200" in out.getvalue()
        assert b'"type":"ping"' in receiver.received[0]
    with pytest.raises(SystemExit):
        call_command("webhook", "test", str(made.pk), stdout=out)
    shown = StringIO()
    call_command("webhook", "list", stdout=shown)
    assert receiver.base_url.replace("/v1", "/…v1") in shown.getvalue()
    assert made.secret not in shown.getvalue()
    call_command("webhook", "delete", str(made.pk), stdout=out)
    assert not models.Webhook.objects.exists()
