"""Calls are read from the emulator's journal; one is in flight from its beginning to its end."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from providers.emulator.journals import Journal
from tests.chaos import calls
from tests.chaos.calls import Call

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(second: float) -> datetime:
    """Return the moment *second* seconds after noon."""
    return NOON + timedelta(seconds=second)


def test_the_journal_tells_of_calls_that_were_answered_cut_and_never_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "calls.jsonl")
    for end in (journal.finish, journal.cut, None):
        call = journal.start("emulated-bull", None)
        if end is not None:
            end(call)
    journal.close()
    answered, cut, endless = calls.read(tmp_path / "calls.jsonl")
    assert (answered.ended_at is None, answered.is_cut) == (False, False)
    assert (cut.ended_at is None, cut.is_cut) == (False, True)
    assert endless.ended_at is None


def test_a_call_under_way_at_two_kills_is_counted_once() -> None:
    long, short, endless = Call(at(0), at(10)), Call(at(4), at(5)), Call(at(8))
    moments = [at(2), at(9)]
    # 2 s: the long one. 9 s: the long one again, and the endless one. The short one was never hit.
    assert calls.in_flight_at([long, short, endless], moments) == 2
