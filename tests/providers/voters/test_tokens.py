"""The estimate of tokens, beside what OpenAI's o200k vocabulary counts (with bpe-openai 0.1.4)."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.voters import tokens

PROSE = (
    "You are the risk officer. Ask first what can be lost, and only then what can be won. In a storm, "
    "confidence shrinks and risk is high. Agree only where a stop makes sense."
)
SHEET = (
    '{"timeframe":"1h","as_of":"2018-10-25T06:00Z","markets":[{"symbol":"BTC/USD","price":6393.05,'
    '"price_unit":0.1,"candles":[[64014,21,0,123,63951],[64000,20,20,140],[64000,0,10,161],[64170,25,0,293]],'
    '"indicators":{"sma_20":6418.9,"macd_signal":-0.087778,"volatility_20":0.0013119},"faults":[]}]}'
)
DUMP = (
    '{"opened_at":"2018-10-24T00:00:00Z","open":6395.14,"high":6403.48,"low":6395.13,"close":6401.39,'
    '"volume":122.67}'
)


@pytest.mark.parametrize(("text", "counted"), [(PROSE, 41), (SHEET, 127), (DUMP, 52)])
def test_the_estimate_is_close_to_what_a_vocabulary_counts(text: str, counted: int) -> None:
    assert abs(tokens.estimate(text) - counted) <= 0.03 * counted


@given(st.text())
def test_a_text_has_at_most_as_many_tokens_as_bytes(text: str) -> None:
    assert 0 <= tokens.estimate(text) <= len(text.encode())


@given(st.text(min_size=1, alphabet="ab1 .\n"), st.text(alphabet="ab1 .\n"))
def test_a_longer_text_never_has_fewer(text: str, more: str) -> None:
    assert tokens.estimate(text) <= tokens.estimate(text + more)


def test_of_a_request_the_texts_are_counted_as_a_model_reads_them_and_the_form_as_it_is_sent() -> None:
    body = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": SHEET}]})
    form = orjson.dumps({"model": "m", "messages": [{"role": "user", "content": ""}]}).decode()
    assert tokens.estimate_request(body) == tokens.estimate(SHEET) + tokens.estimate(form)
