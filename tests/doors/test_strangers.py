"""Whatever strangers send to the API, it answers as its own document says, and lets nobody in."""

import json
from collections.abc import Callable, Iterable
from functools import partial

import pytest
import schemathesis

from tests.doors import strangers
from tests.doors.strangers import Findings
from tests.processes import doors, waits
from tests.processes.doors import Door
from tests.processes.fleets import WORKERS, Fleet

pytestmark = [pytest.mark.processes, pytest.mark.timeout(900)]

# One walk tries so much; more come from more walks, each from a fresh house: in one that has had
# thousands of visitors every list is long, and the last ones would take an hour.
WALK, WALKS = 2_000, 10
# All ways are gone: let in, refused for what was sent, for want of a key, of a name, by a state.
RANDOM_WAYS = {200, 201, 202, 204, 400, 404, 409}
ALL_WAYS = RANDOM_WAYS | {401, 405, 415}
START = Callable[[str, list[tuple[str, str]]], object]


@pytest.fixture
def wide_door(live_house: Fleet) -> Door:
    """A web process that strangers may knock at without end, beside a broker that nobody eats from."""
    live_house.muster("broker")
    live_house.dismiss(*WORKERS)
    door = Door("web-wide", doors.port_of("web-wide"))
    words = ["tests.doors.wide" if word == "uvicorn" else word for word in live_house.argv("web")]
    argv = (*(word for word in words if not word.startswith("--port=")), f"--port={door.port}")
    live_house.add(door.name, like="web", argv=argv).start()
    waits.until(partial(doors.listens, door.port), within_s=60, what=f"{door.name} listens")
    return door


def knocked(door: Door, *, examples: int, walk: int = 0) -> Findings:
    """Let strangers knock at *door* and return what they found."""
    config = strangers.configured(doors.key(), examples=examples, walk=walk)
    return strangers.knock(schemathesis.openapi.from_url(f"{door.url}/api/openapi.json", config=config))


def judge(found: Findings, *, ways: set[int]) -> None:
    """Fail with everything that was found, or if too little was tried.

    Raises:  TooSlow if all that was found is that some had no answer, or were asked to come again.
    """
    waits.in_time(not found.faults or not all(map(strangers.is_of_time, found.faults)), f"{found.faults[:5]}")
    assert not found.faults, "\n".join([f"{len(found.faults)} faults", *found.faults[:20]])
    assert found.cases.total() >= WALK, found.cases
    assert found.cases["stateful"] > 0
    assert ways <= set(found.statuses), found.statuses


def test_two_thousand_strange_requests_find_nothing(wide_door: Door, live_house: Fleet) -> None:
    found = knocked(wide_door, examples=9)
    judge(found, ways=ALL_WAYS)
    assert "request_failed" not in live_house[wide_door.name].logs()


@pytest.mark.acceptance
@pytest.mark.timeout(900)
@pytest.mark.parametrize("walk", range(WALKS))
def test_twenty_thousand_strange_requests_find_nothing(wide_door: Door, live_house: Fleet, walk: int) -> None:
    found = knocked(wide_door, examples=60, walk=walk)
    judge(found, ways=ALL_WAYS if walk == 0 else RANDOM_WAYS)
    assert "request_failed" not in live_house[wide_door.name].logs()


def leaky(environ: dict[str, str], start: START) -> Iterable[bytes]:
    """Answer as an API with three holes would: one breaks, one asks for no key, one has another shape."""
    path, headers = environ["PATH_INFO"], [("Content-Type", "application/json")]
    start("500 Broken" if path == "/breaks" else "200 OK", headers)
    answers: dict[str, object] = {"/openapi.json": LEAKY, "/misshapen": {"size": "large"}}
    return [json.dumps(answers.get(path, {"size": 1})).encode()]


SIZE = {"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}}}
ANSWER = {"description": "a size", "content": {"application/json": {"schema": SIZE}}}
LEAKY = {
    "openapi": "3.1.0",
    "info": {"title": "Leaky", "version": "1"},
    "components": {"securitySchemes": {"Bearer": {"type": "http", "scheme": "bearer"}}},
    "paths": {
        "/breaks": {"get": {"responses": {"200": ANSWER}}},
        "/open": {"get": {"responses": {"200": ANSWER, "401": ANSWER}, "security": [{"Bearer": []}]}},
        "/misshapen": {"get": {"responses": {"200": ANSWER}}},
    },
}


def test_the_strangers_find_an_error_an_open_door_a_wrong_shape_and_a_missing_header() -> None:
    config = strangers.configured({"Authorization": "Bearer anything"}, examples=3)
    found = strangers.knock(schemathesis.openapi.from_wsgi("/openapi.json", leaky, config=config))
    wanted = {"not_a_server_error", "ignored_auth", "response_schema_conformance", "answers_are_guarded"}
    assert wanted <= found.kinds
