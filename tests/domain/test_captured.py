"""A voter that an attack has captured: alone it moves no money."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.voters.types import Action
from thalas.domain.consensus import Ballot, Outcome, Rules, default_quorum
from thalas.domain.early_closes import is_settled
from thalas.domain.methods import Method, aggregate

HONEST = st.lists(
    st.tuples(st.sampled_from(Action), st.floats(0, 1), st.floats(0, 1_000_000)), min_size=0, max_size=6
)


def said(honest: list[tuple[Action, float, float]]) -> list[Ballot]:
    return [Ballot(f"v{n}", action, weight, c) for n, (action, c, weight) in enumerate(honest)]


@given(HONEST, st.sampled_from([Action.BUY, Action.SELL]), st.floats(0, 1_000_000), st.sampled_from(Method))
def test_one_captured_voter_of_four_or_more_never_brings_about_an_action_that_nobody_else_wants(
    honest: list[tuple[Action, float, float]], wanted: Action, weight: float, method: Method
) -> None:
    others = said([vote for vote in honest if vote[0] is not wanted])
    panel = max(4, len(others) + 1)
    captured = Ballot("captured", wanted, weight, 1.0)
    rules = Rules(panel=panel, quorum=default_quorum(panel))
    consensus = aggregate(method, [*others, captured], rules)
    assert consensus.outcome.value != wanted.value
    # Nor does a run close early on it, as if nothing could change it any more.
    if is_settled([*others, captured], [1.0] * (panel - len(others) - 1), rules, method):
        assert consensus.outcome.value != wanted.value


def test_a_lone_voice_that_is_sure_loses_against_three_that_hold_and_are_not() -> None:
    # 0.3 + 0.3 + 0.3 for HOLD against 1.0: by scores alone it would win, with an agreement of 0.53.
    holds = said([(Action.HOLD, 0.3, 1.0)] * 3)
    votes = [*holds, Ballot("captured", Action.SELL, 1.0, 1.0)]
    consensus = aggregate(Method.WEIGHTED_MAJORITY, votes, Rules(panel=4, quorum=2))
    assert consensus.outcome is Outcome.HOLD
    assert "1 for SELL where 2 are needed" in consensus.arithmetic


@pytest.mark.parametrize(("panel", "outcome"), [(3, Outcome.SELL), (4, Outcome.HOLD)])
def test_a_small_panel_is_what_its_voters_are(panel: int, outcome: Outcome) -> None:
    one = [Ballot("captured", Action.SELL, 1.0, 1.0)]
    assert aggregate(Method.WEIGHTED_MAJORITY, one, Rules(panel=panel, quorum=1)).outcome is outcome
