"""The API as a whole: headers on every answer, origins from the list, and a document that says it all."""

import json
import re
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import pytest
from django.contrib.staticfiles import finders
from django.test import Client, override_settings

from tests.thalas.api import callers
from thalas.api.replies import MEDIA_TYPE
from thalas.domain.scopes import SCOPES

pytestmark = pytest.mark.usefixtures("house")
NOTES = "/api/v1/notes"
PAGE = "https://desk.example"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


# --- headers ---------------------------------------------------------------------------------------


@pytest.mark.urls("tests.thalas.api.rooms")
@pytest.mark.parametrize(
    ("path", "method", "host"),
    [
        (NOTES, "GET", "localhost"),
        (f"{NOTES}/later", "GET", "localhost"),
        (NOTES, "PUT", "localhost"),
        (NOTES, "POST", "localhost"),
        (NOTES, "GET", "evil.example"),
        ("/api/nothing", "GET", "localhost"),
        ("/api/openapi.json", "GET", "localhost"),
        ("/api/v1/broken/nobody-knows-how", "GET", "localhost"),
    ],
)
@pytest.mark.parametrize("has_key", [True, False])
def test_every_answer_carries_the_headers(path: str, method: str, host: str, has_key: bool) -> None:
    client = callers.client(callers.key().shown if has_key else "")
    answer = client.generic(method, path, "{", content_type="application/json", headers={"Host": host})
    told = answer.headers
    assert told["Content-Security-Policy"].startswith("default-src 'none'; frame-ancestors 'none'")
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["X-Frame-Options"] == "DENY"
    assert told["Referrer-Policy"] == "no-referrer"
    assert told["Cache-Control"] == "no-store"
    assert "Server" not in told


@pytest.mark.urls("tests.thalas.api.rooms")
@override_settings(SECURE_HSTS_SECONDS=31536000, SECURE_SSL_REDIRECT=True)
def test_behind_tls_browsers_are_told_to_stay_there() -> None:
    client = callers.client(callers.key().shown)
    assert client.get(NOTES, secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get("/api/nothing", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get(NOTES)["Location"] == f"https://testserver{NOTES}"


# --- origins ---------------------------------------------------------------------------------------


def preflight(client: Client, origin: str) -> Any:
    """Ask as a browser asks before it posts."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    return client.options(NOTES, headers=headers)


@pytest.mark.urls("tests.thalas.api.rooms")
def test_by_default_no_page_of_another_origin_may_ask() -> None:
    client = callers.client(callers.key().shown)
    assert preflight(client, PAGE).status_code == 405
    answer = client.get(NOTES, headers={"Origin": PAGE})
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.urls("tests.thalas.api.rooms")
@override_settings(CORS_ORIGINS=(PAGE,))
def test_a_page_on_the_list_may_ask_and_no_other() -> None:
    client = callers.client(callers.key().shown)
    early = preflight(client, PAGE)
    assert early.status_code == 204
    assert early["Access-Control-Allow-Origin"] == PAGE
    assert "POST" in early["Access-Control-Allow-Methods"]
    assert {"Authorization", "Idempotency-Key"} <= set(early["Access-Control-Allow-Headers"].split(", "))
    assert "Access-Control-Allow-Credentials" not in early.headers
    answer = client.get(NOTES, headers={"Origin": PAGE})
    assert answer["Access-Control-Allow-Origin"] == PAGE
    assert "Origin" in answer["Vary"]
    # An error can be read, too.
    assert callers.client().get(NOTES, headers={"Origin": PAGE})["Access-Control-Allow-Origin"] == PAGE
    for other in ("https://evil.example", f"{PAGE}.evil.example", "null", PAGE.upper(), f"{PAGE}/"):
        assert preflight(client, other).status_code == 405
        refused = client.get(NOTES, headers={"Origin": other})
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert "Origin" in refused["Vary"]


# --- the document ----------------------------------------------------------------------------------


def document() -> dict[str, Any]:
    """Return the API's document as clients get it."""
    answer = Client().get("/api/openapi.json")
    assert answer.status_code == 200
    read: dict[str, Any] = json.loads(answer.content)
    return read


def operations() -> list[tuple[str, dict[str, Any]]]:
    """Return every operation of the document with its name."""
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_openapi_3_1_and_every_reference_in_it_leads_somewhere() -> None:
    whole = document()
    assert whole["openapi"].startswith("3.1")
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(whole)):
        part: Any = whole
        for step in reference.split("/"):
            assert step in part, f"#/{reference}"
            part = part[step]


def test_every_schema_of_the_document_is_a_schema() -> None:
    for name, schema in document()["components"]["schemas"].items():
        assert jsonschema_rs.meta.is_valid({"$schema": DIALECT, **schema}), name


def test_every_operation_says_its_scope_and_every_error_it_may_give() -> None:
    for name, operation in operations():
        scope = operation["x-scope"]
        assert scope is None or scope in SCOPES, name
        expected = {"400", "404", "405", "500", "503"} | ({"401", "403", "429"} if scope else set())
        assert expected <= set(operation["responses"]), name
        assert operation["security"] == ([{"Bearer": []}, {"Header": []}] if scope else []), name
        assert scope is None or f"`{scope}`" in operation["description"], name


def errors_of(operation: dict[str, Any], whole: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the content of each problem of *operation* by its status, references followed."""
    told = {}
    for status, response in operation["responses"].items():
        reference = response.get("$ref", "").rpartition("/")[2]
        meant = whole["components"]["responses"][reference] if reference else response
        if MEDIA_TYPE in meant.get("content", {}):
            told[status] = meant["content"][MEDIA_TYPE]
    return told


def test_every_error_of_every_operation_has_an_example_of_its_own() -> None:
    whole = document()
    problem = jsonschema_rs.validator_for({"$schema": DIALECT, **whole["components"]["schemas"]["Problem"]})
    for name, operation in operations():
        told = errors_of(operation, whole)
        assert {"400", "404", "405", "500", "503"} <= set(told), name
        for status, content in told.items():
            example = content["example"]
            problem.validate(example)
            title = HTTPStatus(int(status)).phrase
            assert (example["status"], example["title"]) == (int(status), title), f"{name} {status}"
            assert example["type"] == "about:blank"
            assert example["error"]
            assert example["detail"]


def test_an_example_is_what_a_client_is_told() -> None:
    shared = document()["components"]["responses"]
    reads = callers.client(callers.key("runs:read").shown)
    got = {
        "401": callers.client().get("/api/v1/runs"),
        "403": reads.post("/api/v1/runs", {}, content_type="application/json"),
        "404": reads.get("/api/v1/runs/0198c0de-0000-7000-8000-000000000000"),
        "405": reads.delete("/api/v1/runs"),
    }
    examples = {status: shared[f"Problem{status}"]["content"][MEDIA_TYPE]["example"] for status in got}
    assert {status: answer.json() for status, answer in got.items()} == examples


def test_no_two_operations_share_a_name() -> None:
    names = [operation["operationId"] for _, operation in operations()]
    assert len(names) == len(set(names))


def test_the_pages_load_everything_from_the_house_itself() -> None:
    answer = Client().get("/api/docs")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert re.findall(r"https?://", page) == []
    loaded = re.findall(r'(?:src|href)="/static/([^"]+)"', page)
    assert len(loaded) >= 3
    assert all(finders.find(name) for name in loaded)
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", page) == []
    assert re.findall(r"<style|\son\w+=|\sstyle=", page) == []


def test_everything_but_the_signs_of_life_has_a_version_in_its_address() -> None:
    addresses = {name.split(" ")[1] for name, _ in operations()}
    assert {path for path in addresses if not path.startswith("/api/v1/")} == {"/api/healthz", "/api/readyz"}
