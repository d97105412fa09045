"""Closing a run: exactly once, with every vote either counted or kept."""

import pytest

from tests import seeds
from thalas import models
from thalas.selectors import clock
from thalas.services import closings, councils, votes

pytestmark = pytest.mark.usefixtures("house")


def test_a_run_whose_votes_are_all_in_files_one_decision_per_symbol() -> None:
    run = councils.open_question(seeds.question("BTC/USD", "ETH/USD"), now=clock.now())
    for vote in run.votes.all():
        votes.ask(run_id=run.pk, voter=vote.voter_id, now=clock.now())
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    decision = models.Decision.objects.get(run=run)
    assert [leg.symbol for leg in decision.legs.all()] == ["BTC/USD", "ETH/USD"]
    assert decision.heard == decision.panel == 5
