"""One captured voter of a council: what it can do, and that it never moves money alone.

Captured: whatever somebody outside wants, it says, as surely as it can. It is compared with the same
council in which its voter abstains. What it can always do is what any voter can: withhold its voice,
speak against the others (from BUY to no order), and tip the scales beside an honest voter who says the same.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import risk
from providers.voters.types import Action, RiskLevel
from tests.domain import ballots as drawn
from tests.domain.ballots import ACTIONS, rules
from thalas.domain import early_closes, methods
from thalas.domain.consensus import MAX_WEIGHT, Ballot, Rules
from thalas.domain.methods import Method

DOCS = Path(__file__).resolve().parents[2] / "docs/providers.md"
PANEL = 4
# As an account has them unless somebody sets others.
USUAL = rules(PANEL, 2, min_confidence=0.35, min_agreement=0.55)
captured = st.builds(
    Ballot,
    voter=st.just("captured"),
    action=st.sampled_from(ACTIONS),
    weight=st.just(MAX_WEIGHT) | drawn.weights,
    confidence=st.just(1.0) | drawn.confidences,
    risk_level=st.sampled_from(list(RiskLevel)),
)
honest = st.lists(drawn.ballots, max_size=PANEL - 1)
councils = st.tuples(honest, captured, st.sampled_from(list(Method)))


def order(method: Method, cast: Sequence[Ballot], rules: Rules) -> str | None:
    """Return which order *cast* leads to where the account's limits refuse none, None if to no order."""
    found = methods.aggregate(method, cast, rules)
    if found.outcome.value not in risk.ORDERS or found.backers < risk.least_backers(rules.panel):
        return None
    return found.outcome.value


def backed(action: str | None, cast: Sequence[Ballot]) -> bool:
    """Say whether somebody of *cast* whose voice weighs anything says *action*."""
    return any(ballot.action.value == action and ballot.weight > 0 for ballot in cast)


@given(councils, st.integers(0, PANEL))
@settings(max_examples=300)
def test_no_order_is_made_that_no_honest_voter_backs(
    council: tuple[list[Ballot], Ballot, Method], quorum: int
) -> None:
    others, one, method = council
    made = order(method, [*others, one], rules(PANEL, quorum))
    assert made is None or backed(made, others)


@given(councils)
@settings(max_examples=300)
def test_where_no_honest_voter_says_the_same_it_can_only_keep_the_council_from_an_order(
    council: tuple[list[Ballot], Ballot, Method],
) -> None:
    others, one, method = council
    if backed(one.action.value, others):
        return
    without = order(method, others, rules(PANEL))
    # In a pool, to doubt one action is to speak for the others, and may raise one that honest voters back.
    if method is not Method.LOG_OPINION_POOL:
        assert order(method, [*others, one], rules(PANEL)) in (None, without)


@given(councils)
@settings(max_examples=300)
def test_an_early_close_gives_it_no_more(council: tuple[list[Ballot], Ballot, Method]) -> None:
    others, one, method = council
    to_come = [1.0] * (PANEL - 1 - len(others))
    if early_closes.is_settled([*others, one], to_come, rules(PANEL), method):
        made = order(method, [*others, one], rules(PANEL))
        assert made is None or backed(made, others)


def test_a_voter_without_weight_is_no_second_backer() -> None:
    # What the small local model says is shown and weighs nothing; it says BUY in a crash.
    toy = Ballot("toy", Action.BUY, weight=0.0, confidence=1.0)
    one = Ballot("captured", Action.BUY, weight=1.0, confidence=1.0)
    idle = [Ballot(name, Action.HOLD, weight=1.0, confidence=0.1) for name in ("a", "b")]
    for method in Method:
        assert order(method, [one, toy, *idle], rules(PANEL)) is None
        assert not early_closes.is_settled([one, toy, idle[0]], [0.0], rules(PANEL), method) or (
            methods.aggregate(method, [one, toy, idle[0]], rules(PANEL)).outcome.value == "HOLD"
        )


def test_in_a_panel_below_four_one_voter_may_move_money() -> None:
    one = Ballot("captured", Action.BUY, weight=1.0, confidence=1.0)
    idle = [Ballot(name, Action.HOLD, weight=1.0, confidence=0.1) for name in ("a", "b")]
    assert order(Method.WEIGHTED_MAJORITY, [one, *idle], rules(3)) == "BUY"


def drawn_at_random(dice: np.random.Generator, weight: float) -> tuple[list[Ballot], Ballot]:
    """Return three voters of any opinion that weigh 1 each, and a wholly sure captured one of *weight*."""
    others = [
        Ballot("v", ACTIONS[int(action)], 1.0, float(dice.uniform(0.3, 0.95))) for action in dice.choice(3, 3)
    ]
    return others, Ballot("captured", (Action.BUY, Action.SELL)[int(dice.integers(2))], weight, 1.0)


EFFECTS = ("nothing", "an order less", "an order more, with another", "the other order, with another")


def effect(others: list[Ballot], one: Ballot, method: Method, usual: Rules = USUAL) -> str:
    """Say what *one* changes in comparison with a voter that abstains."""
    made, without = order(method, [*others, one], usual), order(method, others, usual)
    if made == without:
        return EFFECTS[0]
    if made is None:
        return EFFECTS[1]
    if not backed(made, others):
        return "ALONE"
    return EFFECTS[2] if without is None else EFFECTS[3]


# docs/providers.md, "What a captured voter can do".
TABLE = {(1.0, 0.55): (574, 116, 247, 63), (3.0, 0.55): (389, 127, 384, 100)} | {
    (1.0, 0.75): (796, 83, 121, 0),
    (3.0, 0.75): (521, 82, 396, 1),
}


@pytest.mark.parametrize(("weight", "min_agreement"), TABLE)
def test_the_table_in_the_docs_is_what_comes_out(weight: float, min_agreement: float) -> None:
    dice, usual = np.random.default_rng(20_261_121), replace(USUAL, min_agreement=min_agreement)
    drawn = [drawn_at_random(dice, weight) for _ in range(1_000)]
    effects = Counter(effect(others, one, Method.WEIGHTED_MAJORITY, usual) for others, one in drawn)
    assert tuple(effects[name] for name in EFFECTS) == TABLE[weight, min_agreement]
    row = "| ".join(f"{count} " for count in (*TABLE[weight, min_agreement], 0))
    assert f" | {row}|" in DOCS.read_text()


@pytest.mark.parametrize("weight", [1.0, MAX_WEIGHT])
@pytest.mark.parametrize("method", Method)
def test_of_thousands_of_councils_it_moves_none_alone(method: Method, weight: float) -> None:
    dice = np.random.default_rng(20_261_121)
    effects = Counter(effect(*drawn_at_random(dice, weight), method) for _ in range(300))
    sys.stdout.write(f"{method:20} {weight:10g} {dict(sorted(effects.items()))}\n")
    assert effects["ALONE"] == 0
    assert set(effects) <= set(EFFECTS)
