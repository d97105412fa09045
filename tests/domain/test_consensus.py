"""What a ballot may hold, and how many votes are needed."""

import math

import pytest

from tests.domain.ballots import ballot
from thalas.domain.consensus import MAX_WEIGHT, Rules, default_quorum


@pytest.mark.parametrize(("panel", "quorum"), [(1, 1), (2, 1), (3, 2), (5, 3), (9, 5)])
def test_the_default_quorum_is_half_the_panel_rounded_up(panel: int, quorum: int) -> None:
    assert default_quorum(panel) == quorum


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, MAX_WEIGHT * 2])
def test_a_weight_that_is_no_weight_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="weight of v"):
        ballot("BUY", 0.5, bad)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.1, 1.1])
def test_a_confidence_outside_zero_to_one_is_refused_by_name(bad: float) -> None:
    with pytest.raises(ValueError, match="confidence of v"):
        ballot("BUY", bad)


@pytest.mark.parametrize(("quorum", "needed"), [(0, 1), (1, 1), (3, 3)])
def test_without_any_vote_nothing_is_decided_whatever_the_quorum(quorum: int, needed: int) -> None:
    assert Rules(panel=5, quorum=quorum).needed == needed
