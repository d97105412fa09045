"""A signed-in browser at the admin, and what its forms say."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.test import Client


def sign_in(user: User) -> Client:
    """Return a browser in which *user* is signed in."""
    client = Client()
    client.force_login(user)
    return client


def saved(client: Client, path: str, typed: Mapping[str, Any]) -> None:
    """Post *typed*, which has to be taken."""
    response = client.post(path, typed)
    form = response.context and response.context.get("adminform")
    assert response.status_code == 302, form.form.errors.as_text() if form else response.status_code


def refused(client: Client, path: str, typed: Mapping[str, Any]) -> Any:
    """Post *typed*, which has to be refused; return the page that says why."""
    response = client.post(path, typed)
    assert response.status_code == 200
    return response


def errors(response: Any, field: str) -> str:
    """Return what the page says is wrong with *field*."""
    return "\n".join(response.context["adminform"].form.errors.get(field, []))
