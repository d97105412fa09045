"""Real processes for tests, as pytest-celery's nodes: a broker, workers, guards and an emulator."""

from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from pytest_celery import (
    CeleryBackendCluster,
    CeleryBrokerCluster,
    CeleryTestBackend,
    CeleryTestBroker,
    CeleryTestSetup,
    CeleryTestWorker,
    CeleryWorkerCluster,
)
from pytest_django.plugin import DjangoDbBlocker

from tests.processes import fleets
from tests.processes.fleets import Fleet
from thalas.celery import app


@pytest.fixture(scope="session")
def fleet(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Fleet]:
    with django_db_blocker.unblock():
        fleet = Fleet()
    yield fleet
    fleet.dismiss(*reversed(fleet.running))


@pytest.fixture
def celery_setup_app() -> Celery:
    return app
