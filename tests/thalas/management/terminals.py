"""A terminal for commands: what they print, and the code they exit with."""

from dataclasses import dataclass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tasks import runs, votes
from thalas import dispatch, models


@dataclass(frozen=True, slots=True)
class Said:
    """What a command said: exit code, standard output, and the line of a refusal."""

    code: int
    out: str
    refusal: str = ""


def run(command: str, *words: str) -> Said:
    """Run `manage.py command words`."""
    out = StringIO()
    try:
        call_command(command, *words, stdout=out, no_color=True)
    except CommandError as error:
        return Said(error.returncode, out.getvalue(), str(error))
    except SystemExit as stop:
        return Said(int(stop.code or 0), out.getvalue())
    return Said(0, out.getvalue())


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do at once in this process what workers would do with a run that is published.

    Publishing is the one thing replaced: with real workers the run has to be committed, and
    tests/processes does that.
    """

    def work(run: models.Run) -> bool:
        for vote in run.votes.all():
            votes.ask(run_id=str(run.pk), voter=vote.voter_id)
        runs.close(run_id=str(run.pk))
        return True

    monkeypatch.setattr(dispatch, "publish", work)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the terminal room, so that lines are not broken."""
    monkeypatch.setenv("COLUMNS", "240")
