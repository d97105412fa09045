"""Flower as the process table runs it: shut without the password, useful with it, silent about secrets."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import httpx
import kombu
import pytest

from tests import seeds
from tests.processes import doors, records, waits
from tests.processes.fleets import CANARY, CORE, FLOWER_PASSWORD, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch
from thalas.celery import app
from thalas.selectors import clock
from thalas.supervision import valkey

pytestmark = pytest.mark.processes

PAGES = ("/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks")
BROKER_PASSWORD = "broker-canary-9876543210"


@contextmanager
def client_of(port: int) -> Iterator[httpx.Client]:
    """Give a client with the password, as soon as the Flower on *port* answers."""
    address, login = f"http://127.0.0.1:{port}", ("thalas", FLOWER_PASSWORD)
    with httpx.Client(base_url=address, auth=login, timeout=20, trust_env=False) as client:
        waits.until(lambda: answers(client), within_s=60, what="Flower answers")
        yield client


def answers(client: httpx.Client) -> bool:
    """Say whether *client*'s server answers at all."""
    try:
        return client.get("/").status_code > 0
    except httpx.TransportError:
        return False


@pytest.fixture
def flower(live_house: Fleet, celery_setup: CeleryTestSetup) -> Iterator[httpx.Client]:
    """Flower beside the usual workers."""
    live_house["flower"].start()
    with client_of(live_house.environment.house.thalas_flower_port) as client:
        yield client


@pytest.fixture
def locked_broker(live_house: Fleet, tmp_path: Path) -> str:
    """The URL of a broker with a password in it."""
    port = doors.port_of("locked-broker")
    options = {"port": str(port), "bind": "127.0.0.1", "requirepass": BROKER_PASSWORD, "dir": str(tmp_path)}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    live_house.add("locked-broker", like="broker", argv=(str(valkey.find_program()), *words)).start()
    return f"redis://:{BROKER_PASSWORD}@127.0.0.1:{port}/0"


@pytest.fixture
def knowing_flower(live_house: Fleet, locked_broker: str) -> Iterator[httpx.Client]:
    """Flower beside a worker that both know the broker's password."""
    port = doors.port_of("knowing-flower")
    argv = tuple(
        f"--port={port}" if word.startswith("--port=") else word for word in live_house.argv("flower")
    )
    live_house.add("knowing-core", like=CORE, REDIS_URL=locked_broker).start()
    live_house.add("knowing-flower", like="flower", argv=argv, REDIS_URL=locked_broker).start()
    live_house["knowing-core"].ready()
    with kombu.Connection(locked_broker) as connection:
        ids = {"run_id": str(uuid.uuid4())}
        app.send_task(dispatch.CLOSE, kwargs=ids, queue="core", connection=connection)
    with client_of(port) as client:
        yield client


def test_flower_is_shut_without_its_password_and_shows_workers_and_tasks_with_it(
    flower: httpx.Client,
) -> None:
    with httpx.Client(base_url=flower.base_url, trust_env=False) as stranger:
        assert {page: stranger.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 401)
        assert stranger.get("/", auth=("thalas", "wrong")).status_code == 401
    assert {page: flower.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)
    waits.until(lambda: shown(flower) >= {"votes", "core"}, within_s=30, what="Flower shows both workers")
    waits.until(
        lambda: lists_a_run(flower), within_s=40, what="Flower lists a run's five votes and its close"
    )


def test_no_page_of_flower_tells_a_secret(knowing_flower: httpx.Client) -> None:
    workers = waits.until(
        lambda: shown_with_settings(knowing_flower), within_s=30, what="Flower shows a worker's settings"
    )
    tasks = list(knowing_flower.get("/api/tasks").json())
    pages = [*PAGES, *(f"/worker/{name}" for name in workers), *(f"/task/{task}" for task in tasks)]
    assert len(pages) > len(PAGES)
    for page in pages:
        # Of a worker that takes its time to answer, Flower says that it does not know it.
        answer = waits.until(partial(found, knowing_flower, page), within_s=20, what=f"Flower shows {page}")
        for secret in (CANARY, BROKER_PASSWORD, FLOWER_PASSWORD):
            assert secret not in answer.text, page


def found(flower: httpx.Client, page: str) -> httpx.Response | None:
    """Return *page*, if *flower* has it."""
    answer = flower.get(page)
    assert answer.status_code in (200, 404), page
    return answer if answer.status_code == 200 else None


def lists_a_run(flower: httpx.Client) -> bool:
    """Convene a council and say whether *flower* lists it, which hears of nothing before it listens."""
    run = dispatch.convene(seeds.question(), now=clock.now())
    records.await_closed([run], within_s=25)
    with suppress(waits.TooSlow):
        return waits.until(
            lambda: flower.get("/api/tasks").text.count(str(run.pk)) >= 6, within_s=5, what="it is listed"
        )
    return False


def shown(flower: httpx.Client) -> set[str]:
    """Return the names of the workers that answer *flower*."""
    told = flower.get("/api/workers", params={"refresh": "1"}).json()
    return {name.split("@")[0] for name in told}


def shown_with_settings(flower: httpx.Client) -> list[str]:
    """Return the workers whose settings *flower* shows."""
    told = flower.get("/api/workers", params={"refresh": "1"}).json()
    return [name for name, facts in told.items() if "broker_url" in facts.get("conf", {})]
