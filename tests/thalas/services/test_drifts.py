"""The model that answers is noted once, and told of once if it is not the one it was."""

from collections.abc import Iterator

import pytest
from django.db import OperationalError
from structlog.testing import capture_logs

from tests.thalas.services.threads import at_once
from thalas import models
from thalas.selectors import clock
from thalas.services import drifts

ASKED = "gpt-4o"


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    drifts.forget()
    yield
    drifts.forget()


def note(answered: str | None, *, asked: str = ASKED) -> bool:
    """Note that *answered* spoke for a voter."""
    return drifts.note(voter="trend", asked=asked, answered=answered, now=clock.now())


@pytest.mark.usefixtures("house")
def test_the_model_that_was_asked_is_noted_and_not_told_of() -> None:
    with capture_logs() as logs:
        assert [note(ASKED), note(ASKED), note(None), note("")] == [False] * 4
    row = models.VoterModel.objects.get()
    assert (row.voter_id, row.asked, row.model, row.is_as_asked) == ("trend", ASKED, ASKED, True)
    assert not logs
    assert not models.AuditEntry.objects.filter(action="voter.model").exists()


@pytest.mark.usefixtures("house")
def test_another_model_is_told_of_once_in_the_log_and_in_the_audit_chain() -> None:
    with capture_logs() as logs:
        assert note("gpt-4o-mini") is True
        assert note("gpt-4o-mini") is False
        drifts.forget()  # another worker
        assert note("gpt-4o-mini") is False
    assert [(log["event"], log["asked"], log["answered"]) for log in logs] == [
        ("model_changed", ASKED, "gpt-4o-mini")
    ]
    entry = models.AuditEntry.objects.get(action="voter.model")
    assert (entry.actor, entry.target) == ("the house", "trend")
    assert entry.details == {"asked": ASKED, "answered": "gpt-4o-mini", "before": []}


@pytest.mark.usefixtures("house")
def test_a_model_that_is_replaced_behind_the_same_name_is_told_of() -> None:
    assert note("gpt-4o-2024-08-06") is False
    assert note("gpt-4o-2024-11-20") is True
    assert models.AuditEntry.objects.get(action="voter.model").details["before"] == ["gpt-4o-2024-08-06"]
    # Somebody who asks for another model gets another one: that is no news.
    assert note("gpt-5-2025-08-07", asked="gpt-5") is False


@pytest.mark.usefixtures("shared_house")
def test_of_eight_workers_that_see_it_at_once_exactly_one_tells() -> None:
    for answered in ("a-1", "a-2", "a-3"):

        def tell(answered: str = answered) -> bool:
            drifts.forget()  # each is a process of its own
            return note(answered)

        assert sum(at_once(*[tell] * 8)) == 1
    assert models.AuditEntry.objects.filter(action="voter.model").count() == 3


@pytest.mark.usefixtures("house")
def test_names_that_no_column_holds_are_cut() -> None:
    note("m\x00" * 200)
    assert len(models.VoterModel.objects.get().model) <= 100


@pytest.mark.usefixtures("house")
def test_a_database_that_is_away_costs_no_vote_and_the_next_answer_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(**_: object) -> None:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(drifts, "_noted", away)
        assert note("gpt-4o-mini") is False
    assert note("gpt-4o-mini") is True
