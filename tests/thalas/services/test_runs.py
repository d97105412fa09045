"""Opening a run is all or nothing, and cancelling it is final."""

from dataclasses import replace

import pytest
from django.db import IntegrityError

from tests import seeds
from tests.thalas.services import councils_at_work as council
from tests.thalas.services.threads import at_once
from thalas import models
from thalas.domain import briefs
from thalas.errors import NotFound, NotPossible
from thalas.selectors import clock
from thalas.services import councils, runs


def stored() -> tuple[int, int, int, int]:
    """Return how many runs, votes, briefs and decisions there are."""
    kinds = (models.Run, models.Vote, models.Brief, models.Decision)
    return tuple(kind.objects.count() for kind in kinds)  # type: ignore[return-value]


@pytest.mark.usefixtures("house")
def test_a_run_opens_with_its_brief_and_one_expected_vote_per_voter() -> None:
    run = council.opened("BTC/USD", "LTC/USD", deadline_s=4.0)
    assert (run.state, run.symbols, run.timeframe) == ("open", ["BTC/USD", "LTC/USD"], "1d")
    assert (run.quorum, run.min_confidence, run.min_agreement) == (3, 0.35, 0.55)  # ⌈5 / 2⌉ = 3
    assert run.deadline_at == council.later(run, 4)
    votes = list(run.votes.all())
    assert sorted(vote.voter_id for vote in votes) == [
        "breakout",
        "mean_reversion",
        "momentum",
        "trend",
        "volatility",
    ]
    assert {(vote.state, vote.starts, vote.timeout_s) for vote in votes} == {("expected", 0, 4.0)}


@pytest.mark.usefixtures("house")
def test_when_the_votes_cannot_be_stored_nothing_is() -> None:
    # A negative weight breaks the voter's constraint in the last of the three inserts.
    opening = councils.prepare(seeds.question(), now=clock.now())
    spoiled = [*opening.panel]
    spoiled[-1].weight = -1.0
    with pytest.raises(IntegrityError):
        runs.open_run(replace(opening, panel=spoiled), now=clock.now())
    assert stored() == (0, 0, 0, 0)


@pytest.mark.usefixtures("house")
def test_a_voter_that_sits_twice_is_refused_whole() -> None:
    opening = councils.prepare(seeds.question(), now=clock.now())
    with pytest.raises(IntegrityError):
        runs.open_run(replace(opening, panel=[*opening.panel, opening.panel[0]]), now=clock.now())
    assert stored() == (0, 0, 0, 0)


@pytest.mark.usefixtures("house")
def test_two_runs_on_the_same_snapshot_share_one_brief() -> None:
    now = clock.now()
    first, second = council.opened(now=now), council.opened(now=now)
    assert first.pk != second.pk
    assert first.brief_id == second.brief_id
    assert stored() == (2, 10, 1, 0)
    assert briefs.digest(first.brief.payload.encode()) == first.brief_id


@pytest.mark.usefixtures("shared_house")
def test_eight_runs_that_open_at_once_on_the_same_snapshot_share_one_brief() -> None:
    now = clock.now()
    opened = at_once(*[lambda: council.opened(now=now)] * 8)
    assert len({run.pk for run in opened}) == 8
    assert stored() == (8, 40, 1, 0)


@pytest.mark.usefixtures("house")
def test_a_name_longer_than_its_column_is_cut() -> None:
    assert len(council.opened(requested_by="x" * 300).requested_by) == 100


@pytest.mark.usefixtures("house")
def test_a_cancelled_run_files_no_decision_and_asks_nobody_any_more() -> None:
    run = council.opened()
    council.answered(run, {"trend": council.buy(run)})
    cancelled = runs.cancel_run(run.pk, by="Ann", now=council.later(run, 2))
    assert (cancelled.state, cancelled.closed_by, cancelled.close_reason) == (
        "cancelled",
        "person",
        "cancelled by Ann",
    )
    states = sorted(run.votes.values_list("state", flat=True))
    assert states == ["cast", "missing", "missing", "missing", "missing"]
    assert stored() == (1, 5, 1, 0)


@pytest.mark.usefixtures("house")
def test_a_run_is_cancelled_once() -> None:
    run = council.opened()
    runs.cancel_run(run.pk, by="Ann", now=council.later(run, 1))
    with pytest.raises(NotPossible, match="is cancelled already"):
        runs.cancel_run(run.pk, by="Bob", now=council.later(run, 2))
    run.refresh_from_db()
    assert run.close_reason == "cancelled by Ann"


@pytest.mark.usefixtures("house")
def test_a_run_that_does_not_exist_cannot_be_cancelled() -> None:
    with pytest.raises(NotFound, match="there is no run"):
        runs.cancel_run(models.runs.new_id(), by="Ann", now=clock.now())
