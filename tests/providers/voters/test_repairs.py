"""Complete answers that do not keep to the ballot's form: what is read of them, and what is not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers import http
from providers.errors import ErrorKind, PermanentVoterError
from providers.voters import ballots
from providers.voters.types import Action, Opinion, RiskLevel
from tests.providers.voters.bodies import ballot

SINGLE = ballot(reasoning='it\'s "up"').replace('\\"', "”").replace('"', "'").replace("”", '"')


def repaired(text: str) -> Opinion:
    """Return the only opinion in *text*, which must have needed repair."""
    (said,), is_repaired = ballots.read_or_repair(text, ["BTC/USDT"])
    assert is_repaired
    assert isinstance(said, Opinion)
    return said


def test_a_ballot_in_its_own_form_is_not_marked() -> None:
    assert ballots.read_or_repair(ballot(), ["BTC/USDT"]) == (ballots.read(ballot(), ["BTC/USDT"]), False)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"```json\n{ballot()}\n```", id="fenced"),
        pytest.param(f"```\n{ballot()}\n```\nGood luck!", id="fenced, with a wish"),
        pytest.param(
            f"I look at the [1h] candles {{and no others}}.\n```json\n{ballot()}\n```", id="brackets before"
        ),
        pytest.param(f"Here's my ballot: {ballot()}", id="prefixed"),
        pytest.param(f"{ballot()}\n\nI hope it's useful.", id="with more behind it"),
        pytest.param(ballot().replace('"', "'"), id="single quotes"),
        pytest.param(ballot().replace("null", "None").replace('"', "'"), id="as Python shows it"),
        pytest.param(ballot().replace("}]}", ",}],}"), id="trailing commas"),
        pytest.param(ballot().replace('"up"', '"up\nand\tup"'), id="a raw line end in a string"),
        pytest.param(ballot()[9:-1], id="the list alone"),
        pytest.param(ballot()[10:-2], id="the vote alone"),
        pytest.param('{"votes":' + ballot()[10:-2] + "}", id="a vote that is no list"),
        pytest.param(ballot(confidence="0.7"), id="a number as text"),
        pytest.param(ballot(confidence="70%"), id="a percentage"),
        pytest.param(ballot(stop_loss=" 95.0 "), id="a price as text"),
        pytest.param(ballot().replace(',"take_profit":null', ""), id="no target at all"),
    ],
)
def test_the_form_is_repaired_and_marked(text: str) -> None:
    said = repaired(text)
    assert (said.action, said.confidence, said.stop, said.target) == (Action.BUY, 0.7, 95.0, None)


def test_quotes_in_single_quotes_are_kept() -> None:
    assert repaired(SINGLE).reasoning == 'it\'s "up"'


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("buy", "BUY"),
        ("Long", "BUY"),
        ("STRONG_BUY", "BUY"),
        ("strong sell", "SELL"),
        ("short", "SELL"),
        ("Neutral", "HOLD"),
        ("hold", "HOLD"),
    ],
)
def test_other_words_for_an_action_are_known(word: str, action: str) -> None:
    assert repaired(ballot(action=word)).action == action


def test_other_words_for_a_risk_are_known() -> None:
    assert repaired(ballot(risk_level="Moderate")).risk_level is RiskLevel.MEDIUM


VOTE = ballot()[10:-2]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(ballot(action="accumulate"), id="a word that nobody listed"),
        pytest.param(ballot(action="buy or sell"), id="two words for two actions"),
        pytest.param(ballot(action="not buy"), id="the contrary"),
        pytest.param(ballot(confidence="high"), id="a word for a number"),
        pytest.param(ballot(confidence="0.7 or so"), id="a number and a word"),
        pytest.param(ballot(confidence=True), id="true"),
        pytest.param(ballot(confidence=None), id="no confidence"),
        pytest.param(ballot(stop_loss="5%"), id="a percentage as a price"),
        pytest.param(ballot(stop_loss="95,000"), id="a comma in a number"),
        pytest.param(ballot(stop_loss="1e3"), id="an exponent as text"),
        pytest.param(ballot(extra=1), id="a field that was not asked for"),
        pytest.param(ballot().replace("0.7", "NaN"), id="NaN"),
        pytest.param(ballot(confidence="NaN"), id="NaN as text"),
        pytest.param(ballot()[:-1], id="cut off"),
        pytest.param("```json\n" + ballot()[:-2] + "\n```", id="cut off inside a fence"),
        pytest.param(f"{ballot()} or rather {ballot(action='SELL')}", id="two ballots"),
        pytest.param(f"{ballot(action='SELL')}, no:\n```\n{ballot()}\n```", id="one in a fence, one outside"),
        pytest.param(f"```\n{ballot()}\n```\n```\n{ballot()}\n```", id="two fences"),
        pytest.param(f"[{VOTE},{VOTE}]", id="two votes on one symbol"),
        pytest.param(ballot().replace('"action":"BUY"', '"action":"BUY","action":"SELL"'), id="two actions"),
        pytest.param(ballot(symbol="btc-usdt"), id="another spelling of the symbol"),
        pytest.param("I would BUY BTC/USDT with 0.7", id="prose"),
        pytest.param("[]", id="nothing"),
        pytest.param('Sure: {"votes":[]}', id="no votes"),
        pytest.param("{" * 300_000, id="too long"),
        pytest.param("['" * 90_000, id="quotes without an end"),
    ],
)
def test_what_is_not_said_is_not_read(text: str) -> None:
    with pytest.raises(PermanentVoterError) as raised:
        ballots.read_or_repair(text, ["BTC/USDT"])
    assert raised.value.kind is ErrorKind.BAD_RESPONSE


def test_the_longest_answer_there_is_does_not_keep_a_worker_busy() -> None:
    text = "[" + "'a " * (http.MAX_BODY_BYTES // 3)
    started_s = time.thread_time()
    with pytest.raises(PermanentVoterError):
        ballots.read_or_repair(text, ["BTC/USDT"])
    assert time.thread_time() - started_s < 0.5


def test_whether_a_confidence_is_sane_is_not_judged_here() -> None:
    # 2.17 was answered by a real model: it stays 2.17, and is invalid when it meets the brief.
    assert repaired(ballot(confidence="2.17")).confidence == 2.17
    assert repaired(ballot(confidence="217%")).confidence == 2.17


@given(st.text(alphabet="{}[]'\",:\\ \nan0.%Ne", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    with pytest.raises(PermanentVoterError):
        ballots.read_or_repair(text, ["BTC/USDT"])


@given(st.text(alphabet="'\"\\{}[],: ab\n", max_size=30), st.floats(0, 1))
def test_a_frame_around_a_ballot_changes_nothing_in_it(reasoning: str, confidence: float) -> None:
    text = ballot(reasoning=reasoning, confidence=confidence)
    assert repaired(f"My ballot:\n{text}") == ballots.read(text, ["BTC/USDT"])[0]
