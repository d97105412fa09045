"""How late a run was closed, by the promise: max(deadline, database up again)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests.chaos.storms import Outage

GRACE = timedelta(seconds=2)


def due(deadline_at: datetime, outages: Iterable[Outage]) -> datetime:
    """Return from when on a run is overdue.

    Its deadline; or, where the database was away then or went within the grace after it, the
    moment at which the database was up again.
    """
    for outage in outages:
        if outage.down_at - GRACE <= deadline_at < outage.up_at:
            return outage.up_at
    return deadline_at


def late_s(closed_at: datetime, deadline_at: datetime, outages: Iterable[Outage]) -> float:
    """Return how many seconds after it was due a run was closed; 0 for one closed before."""
    relevant = [outage for outage in outages if outage.down_at <= closed_at]
    return max(0.0, (closed_at - due(deadline_at, relevant)).total_seconds())
