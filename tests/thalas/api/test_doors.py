"""The door: a route says its scope or fails at import, and a key opens what it says and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from ninja import Router

from tests.thalas.api import callers
from thalas import models
from thalas.api.app import Api
from thalas.api.doors import Door
from thalas.selectors import clock
from thalas.services import keys

pytestmark = [pytest.mark.usefixtures("house"), pytest.mark.urls("tests.thalas.api.rooms")]
NOTES = "/api/v1/notes"


def view(request: HttpRequest) -> None:
    """Answer nothing."""


@pytest.mark.parametrize(
    ("declare", "told"),
    [
        (lambda door: door.get("/a")(view), "declares no scope"),
        (lambda door: door.api_operation(["GET"], "/a")(view), "declares no scope"),
        (lambda door: door.add_api_operation("/a", ["GET"], view), "declares no scope"),
        (lambda door: door.post("/a", scope="runs:erase")(view), "'runs:erase' is unknown"),
        (lambda door: door.put("/a", scope=None)(view), "not on the list of open routes"),
        (lambda door: door.patch("/a", scope="runs:read", auth=None)(view), "brings its own auth"),
        (lambda door: door.delete("/a", scope="runs:read", auth=[])(view), "brings its own auth"),
        (lambda door: door.add_router("/b", Router()), "is not a Door"),
    ],
)
def test_a_route_that_does_not_say_who_may_call_it_fails_at_import(
    declare: Callable[[Door], Any], told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        declare(Door())


def test_a_router_of_another_kind_cannot_be_mounted_nor_a_route_put_on_the_api_itself() -> None:
    api = Api(urls_namespace="other", default_router=Door())
    with pytest.raises(TypeError, match="is not a Door"):
        api.add_router("/v1", Router())
    with pytest.raises(TypeError, match="brings its own auth"):
        api.get("/open")(view)


def test_a_key_opens_what_its_scopes_say_and_says_whose_it_is() -> None:
    made = callers.key("runs:read")
    answer = callers.client(made.shown).get(NOTES)
    assert answer.status_code == 200
    assert answer.json() == {"account": "demo", "actor": f"key {made.key.prefix}", "limit": 10}


def test_async_routes_are_behind_the_same_door() -> None:
    assert callers.client(callers.key("runs:read").shown).get(f"{NOTES}/later").json() == {"account": "demo"}
    assert callers.client(callers.key("audit:read").shown).get(f"{NOTES}/later").status_code == 403
    assert callers.client().get(f"{NOTES}/later").status_code == 401


@pytest.mark.parametrize("header", ["X-API-Key", "x-api-key"])
def test_the_key_may_come_in_a_header_of_its_own(header: str) -> None:
    client = callers.client(**{header: callers.key().shown})
    assert client.get(NOTES).status_code == 200


def test_a_scope_that_is_missing_is_named() -> None:
    answer = callers.client(callers.key("runs:read").shown).post(
        NOTES, {"title": "a", "size": 1}, content_type="application/json"
    )
    assert answer.status_code == 403
    assert answer.json()["details"] == {"scope": "runs:write"}


def bad_keys() -> dict[str, str]:
    """Return keys that are no good, each for another reason."""
    good = callers.key()
    prefix, _, secret = good.shown.partition(".")
    ended = callers.key(expires_at=callers.past(hours=1), now=callers.past(days=2))
    revoked = callers.key()
    keys.revoke(revoked.key.prefix, by="a test", now=clock.now())
    return {
        "none": "",
        "no dot": prefix,
        "no secret": f"{prefix}.",
        "wrong secret": f"{prefix}.{secret[:-1]}{'A' if secret[-1] != 'A' else 'B'}",
        "the hash itself": f"{prefix}.{good.key.secret_sha256}",
        "unknown prefix": f"tk000000000000.{secret}",
        "long": f"{prefix}.{secret * 100}",
        "nul": f"tk\x00.{secret}",
        "not ascii": f"{prefix}.é{secret}",
        "expired": ended.shown,
        "revoked": revoked.shown,
    }


def test_every_key_that_is_no_good_gets_the_same_answer() -> None:
    answers = {}
    for number, (name, shown) in enumerate(bad_keys().items()):
        client = callers.client(shown)
        answers[name] = client.get(NOTES, REMOTE_ADDR=f"192.0.2.{number}")
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 401)
    assert {answer.content for answer in answers.values()} == {answers["none"].content}
    assert {answer["WWW-Authenticate"] for answer in answers.values()} == {'Bearer realm="thalas"'}


def test_an_expiry_holds_from_its_very_moment() -> None:
    made = callers.key(expires_at=clock.now() + timedelta(hours=1))
    client = callers.client(made.shown)
    assert client.get(NOTES).status_code == 200
    models.ApiKey.objects.update(expires_at=clock.now())
    assert client.get(NOTES).status_code == 401


def test_a_basic_password_is_not_a_key() -> None:
    client = callers.client(Authorization="Basic abc", **{"X-API-Key": callers.key().shown})
    assert client.get(NOTES).status_code == 401


def test_a_staff_session_does_not_open_the_api(admin_client: Any) -> None:
    assert admin_client.get(NOTES).status_code == 401


def test_the_key_is_asked_for_before_the_body_is_read() -> None:
    assert callers.client().post(NOTES, "{", content_type="application/json").status_code == 401
