"""Watchlists over HTTP: only symbols that the market has, and none deleted that is in use."""

import json

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.thalas.api import callers
from thalas import models
from thalas.selectors import audits

pytestmark = pytest.mark.usefixtures("house")
HERE = "/api/v1/watchlists"


@pytest.fixture
def client() -> Client:
    """Return a client that may read and write watchlists."""
    return callers.client(callers.key("watchlists:read", "watchlists:write").shown)


def make(client: Client, name: str = "mine", symbols: object = ("btc/usd",), **headers: str) -> HttpResponse:
    """Post a watchlist; return the answer."""
    body = {"name": name, "symbols": list(symbols)}  # type: ignore[call-overload]
    return client.post(HERE, body, content_type="application/json", headers=headers)  # type: ignore[return-value]


def test_a_watchlist_is_made_changed_and_deleted_and_each_is_audited(client: Client) -> None:
    made = make(client)
    assert (made.status_code, json.loads(made.content)) == (
        201,
        {"name": "mine", "symbols": ["BTC/USD"], "schedules": []},
    )
    changed = client.patch(f"{HERE}/mine", {"symbols": ["ETH/USD"]}, content_type="application/json")
    assert changed.json()["symbols"] == ["ETH/USD"]
    assert client.get(f"{HERE}/mine").json() == changed.json()
    assert client.delete(f"{HERE}/mine").status_code == 204
    assert client.get(f"{HERE}/mine").status_code == 404
    actions = [entry.action for entry in reversed(audits.entries()) if entry.target == "mine"]
    assert actions == ["watchlist.create", "watchlist.edit", "watchlist.delete"]


def test_all_are_listed_with_the_schedules_that_use_them(client: Client) -> None:
    rows = client.get(HERE).json()["watchlists"]
    assert {row["name"]: row["schedules"] for row in rows} == {
        "majors": ["majors-daily"],
        "bitcoin": ["bitcoin-hourly"],
    }


def test_a_list_in_use_cannot_be_deleted_and_says_by_what(client: Client) -> None:
    answer = client.delete(f"{HERE}/majors")
    assert (answer.status_code, "majors-daily" in answer.json()["detail"]) == (409, True)
    assert models.Watchlist.objects.filter(pk="majors").exists()


@pytest.mark.parametrize(
    ("name", "symbols", "field"),
    [
        ("mine", ["NO/SUCH"], "symbol"),
        ("mine", [], "symbols"),
        ("mine", ["BTC/USD"] * 51, "symbols"),
        ("my list", ["BTC/USD"], "name"),
        ("", ["BTC/USD"], "name"),
        ("x" * 41, ["BTC/USD"], "name"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(
    client: Client, name: str, symbols: list[object], field: str
) -> None:
    answer = make(client, name, symbols)
    assert (answer.status_code, list(json.loads(answer.content)["details"])) == (400, [field])


def test_a_taken_name_is_409(client: Client) -> None:
    assert make(client, "majors").status_code == 409


def test_the_same_post_with_the_same_key_makes_one_list(client: Client) -> None:
    first = make(client, **{"Idempotency-Key": "k1"})
    again = make(client, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.content) == (201, first.content)
    assert make(client, "other", **{"Idempotency-Key": "k1"}).status_code == 409


def test_reading_is_not_writing() -> None:
    assert make(callers.client(callers.key("watchlists:read").shown)).status_code == 403
