"""What the database says of runs afterwards; every test of this room judges by it."""

from collections.abc import Collection, Iterable
from datetime import timedelta
from uuid import UUID

from providers.errors import ErrorKind
from tests.processes import waits
from thalas import models

# The honest promise: closed exactly once by the deadline plus this.
GRACE = timedelta(seconds=2)
HEARD_STATES = (models.Vote.State.CAST, models.Vote.State.ABSTAINED)
# What becomes of a vote, besides coming late, when there is not enough time for it.
LATE_KINDS = (
    ErrorKind.NOT_ASKED,
    ErrorKind.NO_ANSWER,
    ErrorKind.TIMEOUT,
    ErrorKind.WORKER_LOST,
    ErrorKind.UNAVAILABLE,
    ErrorKind.CIRCUIT_OPEN,
)


def runs(ids: Collection[UUID]) -> list[models.Run]:
    """Return the runs with *ids* as they are now, oldest first."""
    return list(models.Run.objects.filter(pk__in=ids).select_related("decision").order_by("opened_at"))


def are_closed(ids: Collection[UUID]) -> bool:
    """Say whether no run of *ids* is open any more."""
    return not models.Run.objects.filter(pk__in=ids, state=models.Run.State.OPEN).exists()


def await_closed(opened: Iterable[models.Run], *, within_s: float) -> list[models.Run]:
    """Wait until all of *opened* are closed and return them as they then are.

    Raises:  AssertionError if one stays open, is late, or was not closed whole and once.
    """
    ids = [run.pk for run in opened]
    waits.until(lambda: are_closed(ids), within_s=within_s, what=f"{len(ids)} runs are closed")
    closed = runs(ids)
    for run in closed:
        assert_closed_whole(run)
    return closed


def assert_closed_whole(run: models.Run) -> None:
    """Check that *run* is closed in time, with one decision, one leg per symbol and no vote left open."""
    assert run.state == models.Run.State.CLOSED
    assert run.closed_at is not None
    if run.closed_at > run.deadline_at + GRACE:
        raise waits.TooSlow(f"closed {run.closed_at - run.deadline_at} after its deadline")
    assert run.decision.filed_at == run.closed_at
    assert [leg.symbol for leg in run.decision.legs.all()] == run.symbols
    assert not run.votes.filter(state__in=models.Vote.OPEN_STATES).exists()


def outcomes(closed: Iterable[models.Run]) -> list[str]:
    """Return what each leg of the *closed* runs decided."""
    return [leg.outcome for run in closed for leg in run.decision.legs.all()]


def states(run: models.Run) -> dict[str, str]:
    """Return the state of each vote of *run*, by voter."""
    return dict(run.votes.values_list("voter_id", "state"))


def has_heard_all(run: models.Run) -> bool:
    """Say whether every voter of *run* was heard."""
    return run.decision.heard == run.decision.panel


def assert_heard(closed: Iterable[models.Run]) -> None:
    """Check that every voter of each of the *closed* runs was heard, and that its decision says so.

    Raises:  TooSlow if some were not, and time may have been all they lacked; else AssertionError.
    """
    runs = list(closed)
    votes = models.Vote.objects.filter(run__in=runs).exclude(state__in=HEARD_STATES)
    unheard = list(votes.values_list("voter_id", "state", "error_kind"))
    assert [vote for vote in unheard if not is_of_time(*vote[1:])] == [], "these were not heard"
    waits.in_time(not unheard, f"{len(unheard)} votes to be heard, such as {unheard[:3]}")
    assert [run.pk for run in runs if not has_heard_all(run)] == []


def is_of_time(state: str, error_kind: str) -> bool:
    """Say whether want of time alone can have left a vote in *state* with *error_kind*."""
    return state == models.Vote.State.LATE or error_kind in LATE_KINDS
