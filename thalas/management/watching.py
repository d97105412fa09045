"""Wait for a run on a terminal: votes as they arrive, then the decision."""

import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from thalas import models
from thalas.selectors import clock, stories
from thalas.selectors.stories import RunStory, VoteLine
from thalas.services import closings

POLL_S = 0.1
# Guards come first; a run that is still open then is closed by whoever waits for it.
PATIENCE = timedelta(seconds=1)
SETTLED = ("cast", "abstained", "invalid", "failed", "missing", "waived", "late")


def _nothing() -> None:
    """Do nothing meanwhile."""


def _never() -> bool:
    return False


def wait(
    run_id: UUID,
    *,
    on_vote: Callable[[str, VoteLine], None] | None = None,
    meanwhile: Callable[[], None] = _nothing,
    is_given_up: Callable[[], bool] = _never,
) -> RunStory:
    """Return the story of *run_id* once it has ended, or as far as it is when *is_given_up* says so.

    *on_vote* hears each answer as it arrives.
    """
    told: set[tuple[str, str]] = set()
    while True:
        story = stories.story(run_id)
        if on_vote is not None:
            _tell(story, told, on_vote)
        if story.run.state != models.Run.State.OPEN or is_given_up():
            return story
        now = clock.now()
        if now > story.run.deadline_at + PATIENCE:
            closings.close_run(
                run_id, by=closings.WAITER, reason="the deadline has passed and nobody closed", now=now
            )
            continue
        meanwhile()
        time.sleep(POLL_S)


def _tell(story: RunStory, told: set[tuple[str, str]], on_vote: Callable[[str, VoteLine], None]) -> None:
    for leg in story.legs:
        for vote in leg.votes:
            if vote.stance in SETTLED and (leg.symbol, vote.voter) not in told:
                told.add((leg.symbol, vote.voter))
                on_vote(leg.symbol, vote)
