"""Every voter of a panel is counted once per symbol: cast, abstained or lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from providers.voters.types import Action, RiskLevel
from thalas.domain import tallies
from thalas.domain.votes import CheckedAnswer, Stance

STATES = ("expected", "claimed", "cast", "abstained", "invalid", "failed", "missing", "late")


def answer(stance: str = "cast", symbol: str = "BTC/USD", **changes: Any) -> CheckedAnswer:
    fields: dict[str, Any] = {"reasoning": "because"}
    if stance == "cast":
        fields |= {"action": Action.BUY, "confidence": 0.8, "risk_level": RiskLevel.LOW}
    return CheckedAnswer(symbol=symbol, stance=Stance(stance), **{**fields, **changes})


def vote(state: str, *answers: CheckedAnswer, voter: str = "trend") -> tallies.CountedVote:
    return tallies.CountedVote(
        voter=voter, weight=2.0, model="m-1", family="openai", state=state, answers=answers
    )


def test_a_cast_answer_becomes_a_ballot_with_its_voters_weight_model_and_family() -> None:
    tally = tallies.count([vote("cast", answer(stop=95.0, target=110.0))], "BTC/USD")
    (ballot,) = tally.ballots
    assert (ballot.voter, ballot.action, ballot.weight, ballot.confidence) == ("trend", "BUY", 2.0, 0.8)
    assert (ballot.model, ballot.family, ballot.stop, ballot.target) == ("m-1", "openai", 95.0, 110.0)
    assert (tally.panel, tally.abstained, tally.lost) == (1, 0, 0)


def test_each_symbol_is_counted_by_its_own_answer() -> None:
    # One vote: cast on BTC/USD, abstained on ETH/USD, invalid on LTC/USD, silent on XRP/USD.
    one = vote("cast", answer(), answer("abstained", "ETH/USD"), answer("invalid", "LTC/USD"))
    counted = {
        symbol: tallies.count([one], symbol) for symbol in ("BTC/USD", "ETH/USD", "LTC/USD", "XRP/USD")
    }
    assert {s: (len(t.ballots), t.abstained, t.lost) for s, t in counted.items()} == {
        "BTC/USD": (1, 0, 0),
        "ETH/USD": (0, 1, 0),
        "LTC/USD": (0, 0, 1),
        "XRP/USD": (0, 0, 1),
    }


@pytest.mark.parametrize("state", ["late", "missing", "failed", "expected", "claimed"])
def test_what_was_not_in_when_the_run_closed_is_lost_whatever_it_says(state: str) -> None:
    tally = tallies.count([vote(state, answer())], "BTC/USD")
    assert (tally.ballots, tally.lost) == ((), 1)


@given(st.lists(st.tuples(st.sampled_from(STATES), st.sampled_from(["cast", "abstained", "invalid", ""]))))
def test_everyone_is_counted_exactly_once(panel: list[tuple[str, str]]) -> None:
    votes = [vote(state, *([answer(stance)] if stance else [])) for state, stance in panel]
    tally = tallies.count(votes, "BTC/USD")
    assert len(tally.ballots) + tally.abstained + tally.lost == tally.panel == len(panel)


def test_the_rules_carry_the_panel_and_the_lost() -> None:
    tally = tallies.count([vote("cast", answer()), vote("failed")], "BTC/USD")
    rules = tally.rules(1, min_confidence=0.35, min_agreement=0.55)
    assert (rules.panel, rules.quorum, rules.lost) == (2, 1, 1)
    assert (rules.min_confidence, rules.min_agreement) == (0.35, 0.55)


@pytest.mark.parametrize("field", ["action", "confidence", "risk_level"])
def test_a_cast_answer_without_its_parts_is_an_error_and_no_guess(field: str) -> None:
    with pytest.raises(ValueError, match="a cast answer of trend on BTC/USD has no action, confidence or"):
        tallies.count([vote("cast", answer("cast", "BTC/USD", **{field: None}))], "BTC/USD")


def test_what_is_stored_reads_back_the_same() -> None:
    answers = (answer(stop=95.5), answer("abstained", "ETH/USD"), answer("invalid", problem="stop=0"))
    assert tallies.parse([item.model_dump(mode="json") for item in answers]) == answers


@pytest.mark.parametrize(
    "stored", [None, {}, "[]", [{}], [{"symbol": "X", "stance": "odd", "reasoning": ""}]]
)
def test_what_this_version_did_not_write_is_refused(stored: object) -> None:
    with pytest.raises(ValidationError):
        tallies.parse(stored)
