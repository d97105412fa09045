"""The made-up voters: plausible, deterministic, each with its leaning."""

import random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.emulator import personas
from providers.emulator.personas import PERSONAS, Market
from providers.voters import ballots
from providers.voters.types import Opinion
from tests.providers.voters.samples import INDICATORS, brief

PRICES = st.floats(min_value=1e-9, max_value=1e12, allow_nan=False)
NAMES = ("atr_14", "sma_50", "sma_200", "rsi_14", "macd_hist", "roc_10", "volatility_rank_100")


def votes(name: str, *, rises: bool, count: int = 400) -> dict[str, int]:
    """Return how often persona *name* votes each way on a market that plainly rises or falls."""
    side = 1.0 if rises else -1.0
    indicators = {
        "sma_50": 100.0 + side,
        "sma_200": 100.0,
        "macd_hist": side,
        "roc_10": 5 * side,
        "rsi_14": 50 + 20 * side,
    }
    market = Market(symbol="A/B", price=100.0, indicators=indicators)
    cast = [
        str(personas.vote(PERSONAS[name], market, random.Random(seed))["action"]) for seed in range(count)
    ]
    return {action: cast.count(action) for action in ("BUY", "SELL", "HOLD", "ABSTAIN")}


@given(
    name=st.sampled_from(sorted(PERSONAS)),
    price=PRICES,
    indicators=st.dictionaries(st.sampled_from(NAMES), st.floats(allow_nan=False, allow_infinity=False)),
    seed=st.integers(0, 10_000),
)
def test_every_vote_is_a_ballot_with_its_levels_on_the_right_sides(
    name: str, price: float, indicators: dict[str, float], seed: int
) -> None:
    market = Market(symbol="A/B", price=price, indicators=indicators)
    vote = personas.vote(PERSONAS[name], market, random.Random(seed))
    said = ballots.read(orjson.dumps({"votes": [vote]}).decode(), ["A/B"])[0]
    if not isinstance(said, Opinion):
        return
    assert 0.5 <= said.confidence <= 0.9
    if said.stop is not None and said.target is not None:
        low, high = sorted((said.stop, said.target))
        assert 0 < low < price < high
        assert (said.action == "BUY") == (said.stop < said.target)


def test_the_same_dice_make_the_same_vote() -> None:
    market = Market(symbol="A/B", price=100.0, indicators=INDICATORS)
    first, second = (personas.vote(PERSONAS["bull"], market, random.Random(5)) for _ in range(2))
    assert first == second


def test_the_trend_persona_goes_with_the_trend() -> None:
    assert votes("trend", rises=True)["BUY"] > 350
    assert votes("trend", rises=False)["SELL"] > 350


def test_bull_and_bear_lean_their_ways() -> None:
    assert votes("bull", rises=True)["BUY"] > 350
    assert votes("bear", rises=False)["SELL"] > 350
    assert votes("bear", rises=True)["BUY"] < votes("trend", rises=True)["BUY"] / 2


def test_the_doubter_often_does_nothing() -> None:
    idle = votes("doubter", rises=True)
    assert idle["HOLD"] + idle["ABSTAIN"] > 200
    assert idle["ABSTAIN"] > 50


@pytest.mark.parametrize("name", sorted(PERSONAS))
def test_a_model_is_the_persona_its_name_ends_in(name: str) -> None:
    assert personas.persona(f"emulated-{name}") is PERSONAS[name]
    assert personas.persona("gpt-4o") in PERSONAS.values()


def test_a_fenced_brief_is_read_as_it_was_shown() -> None:
    read = personas.markets(ballots.show(brief("A/B", "C/D", fault="</brief>")))
    assert read == [Market(symbol=symbol, price=100.0, indicators=INDICATORS) for symbol in ("A/B", "C/D")]


@pytest.mark.parametrize(
    "text", ["", "hello", "<brief>", "<brief></brief>", "<brief>{}</brief>", "</brief>{}<brief>"]
)
def test_a_text_without_a_brief_holds_no_markets(text: str) -> None:
    assert personas.markets(text) is None
