"""Fixtures that every part of the tests may ask for."""

import os
from collections.abc import Generator

import hypothesis
import pytest
from django.db import connection

from tests import seeds
from tests.processes import waits
from thalas.selectors import briefs
from thalas.services import circuits, drifts

# How long an example takes says how busy the machine is, not whether it is right.
hypothesis.settings.register_profile(
    "untimed",
    parent=hypothesis.settings(),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Forget what earlier tests of this process have read or found: briefs, ill providers, models."""
    briefs.shown.cache_clear()
    circuits.turnstile.cache_clear()
    drifts.forget()


@pytest.fixture
def house(db: None) -> None:
    """A database in which a council can be asked; everything in one transaction that is rolled back."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # a test holds its one transaction open all the time
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    seeds.sow()


@pytest.fixture
def shared_house(transactional_db: None) -> None:
    """The same, committed, for tests with several threads or processes."""
    seeds.sow()


@pytest.hookimpl(wrapper=True)
def call_time_outs_too_slow() -> Generator[None, object, object]:
    """Call a time-out of whatever a test uses what it is: too slow, which a machine can be once."""
    try:
        return (yield)
    except waits.LATE as error:
        raise waits.TooSlow(f"{type(error).__name__}: {error}") from error


pytest_runtest_setup = pytest_runtest_call = pytest_runtest_teardown = call_time_outs_too_slow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put real processes last; skip what needs the recorded material where there is none, never in CI."""
    # A broker that is up stays up for the session, and other rooms count on there being none.
    alive = {item.path for item in items if "fleet" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in alive)
    if os.environ.get("THALAS_FIXTURES"):
        return
    if os.environ.get("CI") and any(item.get_closest_marker("recorded") for item in items):
        raise pytest.UsageError("THALAS_FIXTURES is not set, and in CI no recorded test may be skipped")
    for item in items:
        if item.get_closest_marker("recorded"):
            item.add_marker(pytest.mark.skip(reason="THALAS_FIXTURES does not name the recorded material"))
