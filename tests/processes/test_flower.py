"""Flower as the process table runs it: shut without the password, useful with it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import pytest

from tests import seeds
from tests.processes import records, waits
from tests.processes.fleets import FLOWER_PASSWORD, Fleet
from tests.processes.nodes import CeleryTestSetup
from thalas import dispatch
from thalas.selectors import clock

pytestmark = pytest.mark.processes

PAGES = ("/", "/workers", "/tasks", "/broker", "/api/workers", "/api/tasks")


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
