"""The database's clock: aware, in UTC, going forward, and this machine's too when both are one."""

from datetime import UTC, datetime, timedelta

import pytest

from thalas.selectors import clock

pytestmark = pytest.mark.django_db


def test_the_databases_time_is_utc_and_close_to_this_machines() -> None:
    before, now = datetime.now(UTC), clock.now()
    assert now.tzinfo is UTC
    assert abs(now - before) < timedelta(seconds=5)


def test_within_a_transaction_time_goes_on() -> None:
    # PostgreSQL's now() stands still in a transaction; deadlines must not.
    seen = [clock.now() for _ in range(50)]
    assert seen == sorted(seen)
    while clock.now() == seen[0]:
        pass
    assert clock.now() > seen[0]
