"""A worker's watch over itself: five canaries in a row that the broker took and nobody heard, no fewer."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thalas.workers import watches
from thalas.workers.watches import Ear, Watch


@dataclass
class Worker:
    """A worker that tells the watch what a test wants it to."""

    takes: bool = True
    has_room: bool = True
    sung: int = 0
    watch: Watch = field(default_factory=Watch)

    def sing(self) -> bool:
        """Count a canary that the broker takes."""
        self.sung += self.takes
        return self.takes

    def turn(self) -> bool:
        """Let the watch take a turn."""
        return watches.take_turn(
            self.watch, Ear(self.sing, lambda: self.has_room, lambda: False, lambda: False)
        )


def test_the_sixth_turn_finds_five_canaries_unheard() -> None:
    worker = Worker()
    assert [worker.turn() for _ in range(6)] == [False] * 5 + [True]
    assert worker.sung == 5


def test_one_canary_heard_starts_the_count_anew() -> None:
    worker = Worker()
    for _ in range(5):
        worker.turn()
    worker.watch.heard()
    assert [worker.turn() for _ in range(6)] == [False] * 5 + [True]


@pytest.mark.parametrize("change", [{"takes": False}, {"has_room": False}])
def test_a_broker_that_is_away_or_hands_that_are_full_start_the_count_anew(change: dict[str, bool]) -> None:
    worker = Worker()
    for _ in range(4):
        worker.turn()
    excused = Worker(watch=worker.watch, **change)
    assert excused.turn() is False
    assert worker.watch.unheard == 0


def test_a_watch_that_stumbles_excuses_its_worker_and_goes_on() -> None:
    worker = Worker()
    for _ in range(4):
        worker.turn()

    def stumble() -> bool:
        raise KeyError("nobody thought of this")

    turns = iter([False, False, True])
    watches.SING_EVERY_S, before = 0.0, watches.SING_EVERY_S
    try:
        watches.keep(worker.watch, Ear(stumble, lambda: True, lambda: False, lambda: next(turns)))
    finally:
        watches.SING_EVERY_S = before
    assert worker.watch.unheard == 0


@given(st.lists(st.sampled_from(["heard", "away", "full", "nothing"]), max_size=60))
def test_no_worker_is_deaf_that_was_excused_or_heard_one_within_five_turns(events: list[str]) -> None:
    worker = Worker()
    quiet = 0
    for event in events:
        worker.takes, worker.has_room = event != "away", event != "full"
        is_deaf = worker.turn()
        assert is_deaf is (quiet >= 5 and event != "full")
        quiet = quiet + 1 if event == "nothing" else 0
        if event == "heard":
            worker.watch.heard()
        if is_deaf:
            break
