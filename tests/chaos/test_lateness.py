"""A run is due at its deadline or, where the database was away then, once that is up again."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.lateness import late_s
from tests.chaos.storms import Outage

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(second: float) -> datetime:
    """Return the moment *second* seconds after noon."""
    return NOON + timedelta(seconds=second)


OUTAGE = Outage(down_at=at(20), up_at=at(24))


@pytest.mark.parametrize(
    ("deadline", "closed", "late"),
    [
        pytest.param(10, 9.0, 0.0, id="before its deadline"),
        pytest.param(10, 10.5, 0.5, id="half a second after it"),
        pytest.param(22, 25.0, 1.0, id="due when the database is up, at 24"),
        pytest.param(19, 25.0, 1.0, id="the database went within the two seconds of grace"),
        pytest.param(17, 25.0, 8.0, id="three seconds overdue before the database went: no excuse"),
        pytest.param(19, 19.5, 0.5, id="closed before the database went"),
        pytest.param(24, 27.0, 3.0, id="the database was up again at the deadline"),
    ],
)
def test_how_late_a_run_was_closed(deadline: float, closed: float, late: float) -> None:
    assert late_s(at(closed), at(deadline), [OUTAGE]) == pytest.approx(late)
