"""What the supervisor is asked to run."""

import pytest

from thalas.supervision.processes import EventKind, Process, ProcessEvent


@pytest.mark.parametrize("name", ["", "../web", "Web", "a b", "-a"])
def test_a_name_that_would_make_a_bad_file_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a process"):
        Process(name=name, argv=("true",))


def test_an_event_shows_its_sentence_and_the_end_of_the_log_below() -> None:
    event = ProcessEvent(EventKind.FAILING, "web", "web keeps dying", ("one", "two"))
    assert str(event) == "web keeps dying\n    one\n    two"
