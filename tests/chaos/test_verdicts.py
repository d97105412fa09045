"""Each bar of the storm is missed by the figure it is for, and by no other."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.chaos import verdicts
from tests.chaos.audits import Entry
from tests.chaos.counts import Run, Votes
from tests.chaos.storms import Chronicle

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = UUID(int=1)
HELD: dict[str, object] = {
    "accepted": 720,
    "open": 0,
    "lost": 0,
    "double_closes": 0,
    "second_decisions": 0,
    "late_max_s": 2.0,
    "surplus_calls": 3,
    "calls_in_flight_at_kills": 3,
    "calls_not_booked": 0,
    "votes_missing_without_a_reason": 0,
    "slots": {"doubled": 0, "left out": 0},
    "control_unfinished": 1,
}


def missed(**changes: object) -> list[str]:
    """Return the bars that are missed with *changes* to figures that hold them all."""
    figures = {**HELD, **changes}
    return verdicts.wrong(figures, is_whole=True) + verdicts.too_slow(figures, least_accepted=720)


def evidence(*entries: Entry, votes: tuple[Votes, ...] = ()) -> verdicts.Evidence:
    """Return what there is of one accepted run that *entries* tell of."""
    run = Run(RUN, NOON, "closed", "guard", heard=4, panel=4)
    return verdicts.Evidence(
        accepted=frozenset({RUN, UUID(int=2)}),
        refused=0,
        runs=[run],
        votes=votes,
        slots={},
        booked=0,
        audit={RUN: entries},
        calls=[],
        chronicle=Chronicle(),
    )


def test_figures_exactly_at_their_bars_hold_them() -> None:
    assert missed() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"open": 1},
        {"lost": 1},
        {"votes_missing_without_a_reason": 1},
        {"double_closes": 1},
        {"second_decisions": 1},
        {"late_max_s": 2.001},
        {"surplus_calls": 4},
        {"calls_not_booked": 1},
        {"accepted": 719},
        {"slots": {"doubled": 1, "left out": 0}},
        {"slots": {"doubled": 0, "left out": 1}},
        {"control_unfinished": 0},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_each_figure_beyond_its_bar_is_told_once(changes: dict[str, object]) -> None:
    assert len(missed(**changes)) == 1


def test_only_time_may_be_missed_once() -> None:
    slow = {**HELD, "late_max_s": 2.001, "accepted": 719}
    assert verdicts.wrong(slow, is_whole=True) == []
    assert len(verdicts.too_slow(slow, least_accepted=720)) == 2
    assert verdicts.too_slow({**HELD, "open": 1, "lost": 1}, least_accepted=720) == []


def test_a_second_close_a_second_decision_and_a_lost_run_are_seen() -> None:
    close = Entry("changed", RUN, "closed", "guard", NOON)
    filed = Entry("decision", RUN, "insert", "", NOON)
    once = verdicts.run_figures(evidence(close, filed))
    assert (once["double_closes"], once["second_decisions"]) == (0, 0)
    assert once["lost"] == 1, "two were accepted, the database holds one"
    twice = verdicts.run_figures(evidence(close, filed, close, filed))
    assert (twice["double_closes"], twice["second_decisions"]) == (1, 1)


def test_a_vote_without_a_recorded_answer_pays_for_no_call() -> None:
    votes = (
        Votes("cast", "", count=5),
        Votes("failed", "timeout", count=2),
        Votes("failed", "worker_lost", count=1),
        Votes("missing", "", count=4),
        Votes("late", "", count=1),
    )
    found = verdicts.call_figures(evidence(votes=votes))
    assert found["answers_recorded"] == 5 + 2 + 1
    assert found["votes_missing_without_a_reason"] == 4
