"""An answer is checked against its brief: what makes no sense is invalid with the reason, never repaired."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.voters.types import Abstention, Action, Answer, Brief, Opinion, RiskLevel, SymbolBrief
from thalas.domain import votes
from thalas.domain.votes import Stance

AT = datetime(2026, 3, 4, tzinfo=UTC)
LEVELS = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def market(symbol: str = "BTC/USD", price: float = 100.0) -> SymbolBrief:
    return SymbolBrief(
        symbol=symbol, price=price, closed_at=AT, candles=(), indicators={}, source="a test", sha256="0" * 64
    )


BRIEF = Brief(timeframe="1d", as_of=AT, markets=(market("BTC/USD"), market("ETH/USD", 50.0)))


def opinion(symbol: str = "BTC/USD", action: str = "BUY", **changes: object) -> Opinion:
    fields: dict[str, object] = {"confidence": 0.8, "reasoning": "because"}
    return Opinion(symbol=symbol, action=Action(action), **{**fields, **changes})


def checked(*opinions: Opinion | Abstention) -> tuple[votes.CheckedAnswer, ...]:
    return votes.check(Answer(opinions=opinions), BRIEF)


def problem(**changes: object) -> str:
    """Return what is wrong with an opinion on BTC/USD at a price of 100."""
    return checked(opinion(**changes))[0].problem  # type: ignore[arg-type]


def test_a_sound_opinion_is_cast_as_it_was_said() -> None:
    said = opinion(stop=95.0, target=110.0, risk_level=RiskLevel.HIGH)
    first = checked(said)[0]
    assert first.stance is Stance.CAST
    assert (first.action, first.confidence, first.risk_level) == ("BUY", 0.8, "high")
    assert (first.stop, first.target, first.reasoning, first.problem) == (95.0, 110.0, "because", "")


def test_there_is_one_answer_per_symbol_in_the_briefs_order() -> None:
    both = checked(opinion("ETH/USD", "HOLD"), opinion("BTC/USD", "HOLD"))
    assert [answer.symbol for answer in both] == ["BTC/USD", "ETH/USD"]


def test_a_symbol_that_was_left_out_is_an_abstention() -> None:
    btc, eth = checked(opinion("BTC/USD"))
    assert (btc.stance, eth.stance, eth.reasoning) == (Stance.CAST, Stance.ABSTAINED, "gave no answer")


def test_an_abstention_stays_one_with_its_reason() -> None:
    said = checked(Abstention(symbol="BTC/USD", reasoning="too little data"))[0]
    assert (said.stance, said.reasoning, said.action) == (Stance.ABSTAINED, "too little data", None)


@pytest.mark.parametrize(
    ("opinions", "told"),
    [
        (
            (opinion("DOGE/USD"), opinion("BTC/USD")),
            "symbol='DOGE/USD' is not in the brief; it holds BTC/USD, ETH/USD",
        ),
        ((opinion("BTC/USD"), opinion("BTC/USD")), "symbol='BTC/USD' is answered more than once"),
    ],
)
def test_a_voter_that_read_something_else_is_invalid_on_every_symbol(
    opinions: tuple[Opinion, ...], told: str
) -> None:
    answers = checked(*opinions)
    assert {answer.stance for answer in answers} == {Stance.INVALID}
    assert {answer.problem for answer in answers} == {told}
    assert votes.overall(answers) is Stance.INVALID


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"confidence": 1.0000001}, "confidence=1 is outside 0..1"),
        ({"confidence": -0.1}, "confidence=-0.1 is outside 0..1"),
        ({"confidence": 85.0}, "confidence=85 is outside 0..1"),
        ({"stop": 0.0}, "stop=0 is not a price; it must be above 0 and below 1e+13"),
        ({"stop": -5.0}, "stop=-5 is not a price; it must be above 0 and below 1e+13"),
        ({"target": 1e13}, "target=1e+13 is not a price; it must be above 0 and below 1e+13"),
        ({"stop": 100.0}, "stop=100 of a BUY must be below the price 100"),
        ({"stop": 101.0}, "stop=101 of a BUY must be below the price 100"),
        ({"target": 100.0}, "target=100 of a BUY must be above the price 100"),
        ({"target": 99.0}, "target=99 of a BUY must be above the price 100"),
        ({"action": "SELL", "stop": 100.0}, "stop=100 of a SELL must be above the price 100"),
        ({"action": "SELL", "stop": 99.0}, "stop=99 of a SELL must be above the price 100"),
        ({"action": "SELL", "target": 100.0}, "target=100 of a SELL must be below the price 100"),
        ({"action": "SELL", "target": 101.0}, "target=101 of a SELL must be below the price 100"),
        ({"action": "HOLD", "stop": -1.0}, "stop=-1 is not a price; it must be above 0 and below 1e+13"),
    ],
)
def test_a_field_that_makes_no_sense_is_named_with_its_value_and_what_would(
    changes: dict[str, object], told: str
) -> None:
    assert problem(**changes) == told


@pytest.mark.parametrize(
    "changes",
    [
        {"confidence": 0.0},
        {"confidence": 1.0},
        {"stop": 99.999},
        {"target": 100.001},
        {"action": "SELL", "stop": 100.001, "target": 99.999},
        {"action": "HOLD", "stop": 150.0, "target": 50.0},
    ],
)
def test_what_lies_on_the_right_side_is_cast(changes: dict[str, object]) -> None:
    assert problem(**changes) == ""


def test_an_invalid_symbol_beside_a_sound_one_leaves_the_vote_cast() -> None:
    answers = checked(opinion("BTC/USD", confidence=7.0), opinion("ETH/USD"))
    assert [answer.stance for answer in answers] == [Stance.INVALID, Stance.CAST]
    assert votes.overall(answers) is Stance.CAST


@pytest.mark.parametrize(
    ("stances", "whole"),
    [
        (["abstained", "abstained"], Stance.ABSTAINED),
        (["abstained", "invalid"], Stance.INVALID),
        (["abstained", "cast"], Stance.CAST),
        ([], Stance.ABSTAINED),
    ],
)
def test_the_whole_vote_is_the_best_that_became_of_it(stances: list[str], whole: Stance) -> None:
    answers = [votes.CheckedAnswer(symbol="X", stance=Stance(stance), reasoning="") for stance in stances]
    assert votes.overall(answers) is whole


def test_a_long_reasoning_is_cut_and_carries_no_control_characters() -> None:
    said = checked(opinion(reasoning="\x1b[2J\x00\ud800\u202e" + "x" * 5_000))[0]
    assert len(said.reasoning) == votes.REASONING_LIMIT
    assert said.reasoning.isprintable()
    assert said.reasoning.endswith("x")


@given(
    action=st.sampled_from(list(Action)),
    confidence=st.floats(allow_nan=False, allow_infinity=False),
    stop=LEVELS,
    target=LEVELS,
)
def test_a_cast_vote_always_makes_sense(
    action: Action, confidence: float, stop: float | None, target: float | None
) -> None:
    answer = checked(opinion(action=action.value, confidence=confidence, stop=stop, target=target))[0]
    side = {Action.BUY: 1, Action.SELL: -1, Action.HOLD: 0}[action]
    makes_sense = (
        0 <= confidence <= 1
        and all(level is None or 0 < level < 1e13 for level in (stop, target))
        and (not side or stop is None or (100 - stop) * side > 0)
        and (not side or target is None or (target - 100) * side > 0)
    )
    assert (answer.stance is Stance.CAST) is makes_sense
    assert bool(answer.problem) is not makes_sense
    assert len(answer.problem) <= 400
