"""Errors: whoever raises them and wherever, a client reads one form, and nothing of ours."""

from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.http import Http404
from django.test import Client

from providers.errors import MarketUnavailable, UnknownSymbol
from tests.thalas.api import callers, rooms
from thalas.errors import BadInput, NotFound, NotPossible

pytestmark = [pytest.mark.usefixtures("house"), pytest.mark.urls("tests.thalas.api.rooms")]
KEYS = {"type", "title", "status", "detail", "error", "details"}
SECRET = "sk-secret-in-an-exception"


def problem(answer: Any, status: int) -> dict[str, Any]:
    """Check that *answer* is a problem of *status*, and return it."""
    told: dict[str, Any] = answer.json()
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert set(told) == KEYS
    assert told["status"] == status
    assert all((told["error"], told["title"], told["detail"]))
    assert int(answer["Content-Length"]) == len(answer.content)
    return told


@pytest.fixture
def client() -> Client:
    """A client that may do everything."""
    return callers.client(callers.key().shown)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("timeframe", "7m", "give one of 1m, 5m"), 400),
        (NotFound("no run has that id"), 404),
        (NotPossible("the run is closed"), 409),
        (UnknownSymbol("XX/USD is not listed"), 400),
        (MarketUnavailable("the market cannot be reached"), 503),
        (OperationalError(f"connection failed {SECRET}"), 503),
        (InterfaceError(f"connection already closed {SECRET}"), 503),
        (Http404(SECRET), 404),
        (ValueError(SECRET), 500),
        (KeyError(SECRET), 500),
    ],
)
def test_every_exception_has_its_status_and_shows_nothing_of_ours(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    monkeypatch.setitem(rooms.BROKEN, "it", error)
    answer = client.get("/api/v1/broken/it")
    told = problem(answer, status)
    assert SECRET not in answer.content.decode()
    assert (answer.headers.get("Retry-After") == "1") == (status == 503)
    if status in (400, 409) or "no run" in str(error):
        assert told["detail"] == str(error)


def test_bad_input_names_field_value_and_what_would_be_right(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(rooms.BROKEN, "it", BadInput("timeframe", "7m", "give one of 1m, 5m"))
    told = problem(client.get("/api/v1/broken/it"), 400)
    assert told["detail"] == "timeframe='7m' cannot be used: give one of 1m, 5m"
    assert told["details"] == {"timeframe": "give one of 1m, 5m"}


def test_fields_that_do_not_fit_are_named_without_what_was_sent(client: Client) -> None:
    answer = client.post(
        "/api/v1/notes", {"title": {SECRET: 1}, "size": SECRET}, content_type="application/json"
    )
    told = problem(answer, 400)
    assert set(told["details"]) == {"title", "size"}
    assert SECRET not in answer.content.decode()


@pytest.mark.parametrize("body", ["[]", "1", "null", '"text"'])
def test_json_of_another_shape_is_a_bad_body(client: Client, body: str) -> None:
    told = problem(client.post("/api/v1/notes", body, content_type="application/json"), 400)
    assert set(told["details"]) <= {"note", "body", "title", "size"}


def test_an_empty_body_is_a_bad_body(client: Client) -> None:
    problem(client.post("/api/v1/notes", "", content_type="application/json"), 400)


def test_what_django_answers_itself_is_a_problem_too(client: Client) -> None:
    problem(client.get("/api/nothing"), 404)
    problem(client.get("/api/"), 404)
    assert problem(client.put("/api/v1/notes"), 405)["title"] == "Method Not Allowed"
    assert client.put("/api/v1/notes")["Allow"] in ("GET, POST", "POST, GET")
    problem(client.get("/api/v1/notes", headers={"Host": "evil.example"}), 400)


def test_outside_the_api_pages_stay_pages(client: Client) -> None:
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")
