"""Fixtures that every part of the tests may ask for."""

import os

import hypothesis
import pytest
from django.db import connection

from tests import seeds
from thalas.selectors import briefs

# How long an example takes says how busy the machine is, not whether it is right.
hypothesis.settings.register_profile("untimed", parent=hypothesis.settings(), deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    """Forget the briefs that earlier tests of this process have read; some tests damage theirs."""
    briefs.shown.cache_clear()


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the recorded material where there is none; in CI it must be there."""
    if os.environ.get("THALAS_FIXTURES"):
        return
    if os.environ.get("CI") and any(item.get_closest_marker("recorded") for item in items):
        raise pytest.UsageError("THALAS_FIXTURES is not set, and in CI no recorded test may be skipped")
    for item in items:
        if item.get_closest_marker("recorded"):
            item.add_marker(pytest.mark.skip(reason="THALAS_FIXTURES does not name the recorded material"))
