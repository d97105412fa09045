"""The API's own handler: one thread for a request, none for who waits, nothing left from one to the next."""

import asyncio
import json
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from celery import signals
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from kombu import Connection
from kombu.pools import producers

from tests.processes import waits
from tests.thalas.api import callers
from tests.thalas.api.wires import Wire, handler
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.api import boards
from thalas.api.waits import Followed, Waiting
from thalas.celery import app
from thalas.errors import NotPossible
from thalas.selectors import clock
from thalas.services import runs

pytestmark = pytest.mark.usefixtures("shared_house")


@pytest.fixture
def sent_after(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Wire], list[int]]]:
    """For a wire, how many messages of its answer had gone out when each of a council's was published."""
    wires: list[Wire] = []
    published: list[int] = []

    def keep(**_: object) -> None:
        published.extend(len(wire.sent) for wire in wires)

    def of(wire: Wire) -> list[int]:
        wires.append(wire)
        return published

    # A broker in this process's memory; the counter of a chord is kept in the real one, which is not there.
    monkeypatch.setattr(app.amqp, "_producer_pool", producers[Connection("memory://")])
    monkeypatch.setattr(type(app.backend), "set_chord_size", lambda *_, **__: None)
    signals.before_task_publish.connect(keep)
    yield of
    signals.before_task_publish.disconnect(keep)


def opened() -> models.Run:
    return council.opened(panel=["breakout", "momentum", "trend"])


def cancelled(run: models.Run) -> None:
    try:
        runs.cancel_run(run.pk, by="a test", now=clock.now())
    finally:
        connection.close()


async def watched(run: models.Run, *, by: int) -> None:
    """Wait until so many watch *run*."""
    async with asyncio.timeout(20):
        while getattr(boards.board()._seats.get(run.pk), "watchers", 0) < by:
            await asyncio.sleep(0.02)


def test_a_handler_and_a_client_of_the_tests_are_told_the_same() -> None:
    run, key = opened(), callers.key().shown
    with handler() as api:
        wire = Wire(f"/api/v1/runs/{run.pk}", key=key)
        asyncio.run(api(wire.scope, wire.receive, wire.send))
    answer = callers.client(key).get(f"/api/v1/runs/{run.pk}")
    assert (wire.status, wire.told) == (answer.status_code, answer.json())
    told = {name.decode().lower(): value.decode() for name, value in wire.sent[0]["headers"]}
    assert told == {name.lower(): value for name, value in answer.items()}
    assert told["content-length"] == str(len(answer.content))


def test_who_waits_holds_no_thread_and_others_are_answered_meanwhile() -> None:
    run, key = opened(), callers.key().shown

    async def ask() -> tuple[list[Wire], Wire]:
        with handler() as api:  # which has one thread
            waits = [Wire(f"/api/v1/runs/{run.pk}?wait=20", key=key) for _ in range(5)]
            waits.append(Wire(f"/api/v1/runs/{run.pk}/events", key=key))
            waiting = [asyncio.create_task(api(wire.scope, wire.receive, wire.send)) for wire in waits]
            await watched(run, by=6)
            kept = asyncio.get_running_loop().run_in_executor(api._threads, lambda: connection.connection)
            # SQLite has no pool that a connection could be missing from.
            assert connection.vendor == "sqlite" or await kept is None
            other = Wire("/api/v1/kill-switch", key=key)
            await asyncio.wait_for(api(other.scope, other.receive, other.send), 15)
            assert not any(task.done() for task in waiting)
            await sync_to_async(cancelled, thread_sensitive=False)(run)
            await asyncio.wait_for(asyncio.gather(*waiting), 20)
        return waits, other

    waits, other = asyncio.run(ask())
    assert other.status == 200
    assert [wire.told["state"] for wire in waits[:5]] == ["cancelled"] * 5
    assert b"event: cancelled" in b"".join(message.get("body", b"") for message in waits[5].sent)


def test_a_new_run_is_told_of_before_its_council_is_sent_to_work(
    sent_after: Callable[[Wire], list[int]],
) -> None:
    question = {"symbols": ["BTC/USD"], "timeframe": "1d", "panel": ["trend", "momentum"]}
    wire = Wire("/api/v1/runs", key=callers.key().shown, body=json.dumps(question).encode())
    messages = sent_after(wire)
    with handler() as api:
        asyncio.run(asyncio.wait_for(api(wire.scope, wire.receive, wire.send), 15))
        kept = api._threads.submit(lambda: connection.connection).result()
    assert wire.status == 202
    # Each message went out when the answer's head and body had.
    assert messages == [2, 2]
    assert connection.vendor == "sqlite" or kept is None


def test_what_follows_an_answer_is_done_once_however_often_it_is_closed() -> None:
    done: list[str] = []
    answer = Followed(b"{}", work=lambda: done.append("work"))
    assert done == []
    answer.close()
    answer.close()
    assert done == ["work"]


@pytest.mark.parametrize("what", ["?wait=20", "/events"])
def test_nobody_waits_on_for_a_client_that_has_gone(what: str) -> None:
    run, key = opened(), callers.key().shown

    async def ask() -> None:
        with handler() as api:
            wire = Wire(f"/api/v1/runs/{run.pk}{what}", key=key)
            waiting = asyncio.create_task(api(wire.scope, wire.receive, wire.send))
            await watched(run, by=1)
            wire.gone.set()
            await asyncio.wait_for(waiting, 15)
        nobody = "nobody sits at the board"
        await waits.until_async(lambda: not boards.board()._seats, within_s=10, what=nobody)

    asyncio.run(ask())


def test_a_wait_that_ends_without_an_answer_says_that_the_run_goes_on() -> None:
    key = callers.key().shown
    opened()
    question = {"symbols": ["BTC/USD"], "timeframe": "1d", "panel": ["trend"]}
    with handler() as api:
        wire = Wire("/api/v1/runs?wait=0.2", key=key, body=json.dumps(question).encode())
        asyncio.run(api(wire.scope, wire.receive, wire.send))
    assert (wire.status, set(wire.told)) == (202, {"id", "state", "shared", "age_s"})
    listed = callers.client(key).get("/api/v1/runs?symbol=btc/usd&limit=1").json()
    assert listed["runs"][0]["id"] == wire.told["id"]


def test_what_breaks_after_a_wait_is_a_problem_like_any_other() -> None:
    def broken(_record: object) -> HttpResponse:
        raise NotPossible("run 1 was cancelled")

    async def nothing() -> None:
        return None

    answer = Waiting(nothing, broken).answer(None)
    assert (answer.status_code, json.loads(answer.content)["detail"]) == (409, "run 1 was cancelled")


def test_a_host_that_is_not_the_houses_is_refused_in_the_apis_form() -> None:
    with handler() as api:
        wire = Wire("/api/v1/kill-switch", key=callers.key().shown, host="evil.example")
        asyncio.run(api(wire.scope, wire.receive, wire.send))
    assert (wire.status, wire.told["title"]) == (400, "Bad Request")
    assert Client(headers={"Host": "evil.example"}).get("/api/v1/kill-switch").json() == wire.told


def test_nothing_that_one_request_sets_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    whose: ContextVar[str] = ContextVar("whose", default="nobody's")

    def begin(_self: object, scope: dict[str, Any], _body: object) -> Any:
        seen.append(whose.get())
        whose.set("the first one's")
        return None, HttpResponse()

    monkeypatch.setattr("thalas.api.handlers.ApiHandler._begin", begin)
    with handler() as api:
        for _ in range(2):
            wire = Wire("/api/v1/kill-switch")
            asyncio.run(api(wire.scope, wire.receive, wire.send))
    assert seen == ["nobody's", "nobody's"]
