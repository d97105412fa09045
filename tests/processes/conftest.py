"""Real processes for tests, as pytest-celery's nodes: a broker, workers, guards and an emulator."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache

import pytest
from celery import Celery
from django.conf import LazySettings
from django.db import connection
from pytest_django.plugin import DjangoDbBlocker

from tests.processes import crashes, fleets, nodes
from tests.processes.emulators import Emulator
from tests.processes.fleets import GUARDS, WORKERS, Fleet
from tests.processes.nodes import CeleryBackendCluster, CeleryBrokerCluster, CeleryWorkerCluster
from tests.providers.markets.krakens import Kraken, kraken
from tests.thalas.management import terminals
from thalas import env, models, roster
from thalas.celery import app
from thalas.errors import NotPossible
from thalas.selectors import clock
from thalas.services import runs, voters

KEPT = ("broker", "emulator", *WORKERS, *GUARDS)
WAITED_FOR = {
    "celery_broker_cluster": ("broker",),
    "celery_worker_cluster": WORKERS,
    "guards": GUARDS,
    "emulator": ("emulator",),
}
# Half a dozen interpreters may have to start first, on a machine that is three times slower than ours.
LIMIT_S = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests with processes more time than others before they count as hanging."""
    for item in items:
        if item.get_closest_marker("processes") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(LIMIT_S))


@cache
def the_fleet() -> Fleet:
    """Return this session's only fleet, also where another room's conftest has the fixture, too.

    A second one in the same home starts a second broker. That takes over the first one's socket, and who
    was connected to the first stays with it: workers who look alive and hear nothing of what is sent.
    """
    return Fleet()


@pytest.fixture(scope="session")
def fleet(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Fleet]:
    """All processes of this session, ended before its database goes."""
    with django_db_blocker.unblock():
        fleet = the_fleet()
        connection.close()
    yield fleet
    fleet.dismiss(*reversed(fleet.running))


@pytest.fixture
def live_house(shared_house: None, fleet: Fleet, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """A seeded house that processes may work in; at the end all is quiet before its rows go."""
    for fixture, names in WAITED_FOR.items():
        if fixture in request.fixturenames:
            fleet.revive(*names)  # side by side; each fixture waits for its own
    yield fleet
    crashes.hang_up()  # whatever a test has done to the database's connections ends with it
    fleet.dismiss(*(name for name in fleet.running if name not in KEPT))
    for run in models.Run.objects.filter(state=models.Run.State.OPEN):
        with suppress(NotPossible):  # a guard was faster
            runs.cancel_run(run.pk, by="the end of a test", now=clock.now())
    if "broker" not in fleet.running:
        fleet.dismiss(*WORKERS)
        return
    fleets.flush()
    for name in set(fleet.running) & set(WORKERS):
        fleets.come_to_rest(fleet[name])
    fleets.flush()


@pytest.fixture
def durable(shared_house: None) -> Iterator[None]:
    """A database that keeps what it has committed even when its server crashes, as one ships."""
    with crashes.kept_on_disk():
        yield


@pytest.fixture
def celery_broker_cluster(live_house: Fleet) -> CeleryBrokerCluster:
    """The embedded Valkey, empty."""
    live_house.muster("broker")
    return nodes.broker(live_house["broker"])


@pytest.fixture
def celery_backend_cluster(
    live_house: Fleet, celery_broker_cluster: CeleryBrokerCluster
) -> CeleryBackendCluster:
    """The same Valkey: results are kept beside messages."""
    return nodes.backend(live_house["broker"])


@pytest.fixture
def celery_worker_cluster(
    live_house: Fleet, celery_broker_cluster: CeleryBrokerCluster
) -> CeleryWorkerCluster:
    """A worker that asks and a worker that closes."""
    live_house.muster(*WORKERS)
    return nodes.workers(*(live_house[name] for name in WORKERS))


@pytest.fixture
def celery_setup_app() -> Celery:
    """The app that the processes run; pytest-celery would make one of its own."""
    return app


@pytest.fixture
def guards(live_house: Fleet) -> Fleet:
    """Two guards on watch."""
    live_house.muster(*GUARDS)
    return live_house


@pytest.fixture
def emulator(live_house: Fleet) -> Iterator[Emulator]:
    """The emulator without a script, its four voters on the list."""
    live_house.muster("emulator")
    desk = live_house.emulator
    desk.obey({})
    voters.sync(roster.specs(live_house.environment), roster.caps_usd(live_house.environment))
    yield desk
    desk.obey({})


@pytest.fixture
def live_market(house: None, settings: LazySettings, celery_broker_cluster: object) -> Iterator[Kraken]:
    """An exchange instead of the replay, its candles kept in a real broker."""
    with kraken(datetime.now(UTC)) as played:
        settings.THALAS = env.read(
            {"MARKET": "kraken", "MARKET_BASE_URL": played.base_url, "MARKET_SYMBOLS": "BTC/USD, ETH/USD"}
        )
        assert terminals.run("sync_schedule").code == 0
        yield played
