import pytest

from risk import CheckOutcome, VerdictOutcome
from thalas.dashboard.badges import LOOKS, badge
from thalas.domain.consensus import Outcome
from thalas.domain.votes import Stance
from thalas.models import Run, Vote

STATES = [*Outcome, *VerdictOutcome, *CheckOutcome, *Stance, *Vote.State, Run.State.OPEN, Run.State.CANCELLED]


@pytest.mark.parametrize("state", sorted({str(state) for state in STATES}))
def test_every_state_there_is_has_a_look(state: str) -> None:
    assert state in LOOKS or state == "cast"  # a cast vote shows its action instead


def test_every_state_has_a_word_of_its_own() -> None:
    words = [badge(state).word for state in LOOKS]
    assert len(set(words)) == len(words)


def test_an_abstention_looks_like_no_hold_and_no_error() -> None:
    looks = {(badge(state).tone, badge(state).sign) for state in ("abstained", "HOLD", "failed")}
    assert len(looks) == 3


def test_an_unknown_state_is_shown_as_it_is() -> None:
    assert badge("brand_new").word == "brand new"
