"""pytest-celery's nodes around processes of this machine, in place of its Docker containers."""

from pytest_celery import (  # type: ignore[import-untyped]  # it ships no types
    CeleryBackendCluster,
    CeleryBrokerCluster,
    CeleryTestBackend,
    CeleryTestBroker,
    CeleryTestSetup,
    CeleryTestWorker,
    CeleryWorkerCluster,
)

from tests.processes.local_processes import LocalProcess
from thalas.celery import app

__all__ = [
    "CeleryBackendCluster",
    "CeleryBrokerCluster",
    "CeleryTestSetup",
    "CeleryWorkerCluster",
    "backend",
    "broker",
    "workers",
]


def broker(process: LocalProcess) -> CeleryBrokerCluster:
    """Return the cluster of one broker that *process* is."""
    return CeleryBrokerCluster(CeleryTestBroker(process, app))


def backend(process: LocalProcess) -> CeleryBackendCluster:
    """Return the cluster of one result backend that *process* is."""
    return CeleryBackendCluster(CeleryTestBackend(process, app))


def workers(*processes: LocalProcess) -> CeleryWorkerCluster:
    """Return the cluster of workers that *processes* are."""
    return CeleryWorkerCluster(*(CeleryTestWorker(process, app) for process in processes))
