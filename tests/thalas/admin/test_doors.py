"""Webhooks in the admin: looked at, without what signs their deliveries and what stands in their address."""

import pytest
from django.contrib.auth.models import User

from tests.thalas.admin.clients import sign_in
from thalas.selectors import clock
from thalas.services import webhooks

pytestmark = pytest.mark.usefixtures("house")


def test_a_webhook_is_shown_by_its_host_alone(admin_user: User) -> None:
    url = "https://hooks.example.com/services/s3cr3t-t0k3n"
    made = webhooks.create(url, account="demo", by="a test", now=clock.now())
    browser = sign_in(admin_user)
    for page in ("/admin/thalas/webhook/", f"/admin/thalas/webhook/{made.pk}/change/"):
        shown = browser.get(page).content.decode()
        assert "https://hooks.example.com/…0k3n" in shown
        assert "s3cr3t" not in shown
        assert made.secret not in shown
