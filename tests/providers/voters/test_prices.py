"""Prices: stated, listed, unknown; and that the worst case is one."""

import threading
from decimal import Decimal

import genai_prices
import pytest
from genai_prices import data_snapshot
from genai_prices.types import ModelInfo
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters import prices
from tests.providers import recordings

TOKENS = st.integers(0, 2_000_000)


def answer(model: str, sent: object, received: object, **more: object) -> dict[str, object]:
    usage = {"prompt_tokens": sent, "completion_tokens": received, **more}
    return {"model": model, "usage": usage, "service_tier": "default"}


def listed(model: str = "gpt-4o-mini") -> prices.Price:
    return prices.find(None, listed_as="openai", model=model)


def test_a_stated_price_is_per_million_tokens_in_and_out() -> None:
    price = prices.find("0.25/2.00", listed_as="whoever", model="whatever")
    # 8,000 × 0.25 + 500 × 2 = 3,000 millionths.
    assert price.worst_case_usd(8_000, 500) == Decimal("0.003")
    usage = price.usage(answer("whatever", 8_000, 500))
    assert usage is not None
    assert (usage.tokens_in, usage.tokens_out, usage.cost_usd) == (8_000, 500, Decimal("0.003"))


def test_free_costs_nothing_and_still_counts_tokens() -> None:
    price = prices.find("free", listed_as="whoever", model="whatever")
    usage = price.usage(answer("whatever", 10, 5))
    assert usage is not None
    assert (usage.cost_usd, usage.tokens_in) == (Decimal(0), 10)
    assert price.worst_case_usd(10**9, 10**9) == 0


@pytest.mark.parametrize(
    "stated", ["", "Free", "0.25", "0.25/", "/2", "-1/2", "1e3/2", "nan/nan", "1/2/3/4", "1 / 2"]
)
def test_what_is_no_price_is_told(stated: str) -> None:
    with pytest.raises(PermanentVoterError, match="_PRICE") as raised:
        prices.find(stated, listed_as="openai", model="gpt-4o-mini")
    assert raised.value.kind is ErrorKind.UNPRICED


@pytest.mark.parametrize(("listed_as", "model"), [("openai", "no-such-model"), ("nobody", "gpt-4o-mini")])
def test_an_unknown_price_is_an_error_that_says_how_to_state_one(listed_as: str, model: str) -> None:
    with pytest.raises(PermanentVoterError, match='state "free", or US') as raised:
        prices.find(None, listed_as=listed_as, model=model).worst_case_usd(1_000, 1_000)
    assert raised.value.kind is ErrorKind.UNPRICED


@pytest.mark.parametrize("model", ["text-embedding-3-small", "whisper-1", "tts-1"])
def test_a_model_without_a_price_for_text_both_ways_is_not_free(model: str) -> None:
    with pytest.raises(PermanentVoterError):
        listed(model).worst_case_usd(1_000, 1_000)


def test_a_listed_price_heeds_what_was_cached() -> None:
    whole = listed().usage(answer("gpt-4o-mini-2024-07-18", 1_000, 100))
    cached = listed().usage(answer("gpt-4o-mini", 1_000, 100, prompt_tokens_details={"cached_tokens": 400}))
    assert whole is not None
    assert cached is not None
    # In 0.15, cached 0.075, out 0.60 US$ per million: 400 tokens at half the price save 30 millionths.
    assert whole.cost_usd == Decimal("0.00021")
    assert whole.cost_usd - cached.cost_usd == Decimal("0.00003")


def test_an_answer_of_an_unlisted_model_costs_what_the_asked_one_does() -> None:
    usage = listed().usage(answer("gpt-4o-mini-as-of-tomorrow", 1_000, 100))
    assert usage is not None
    assert usage.cost_usd == Decimal("0.00021")


@pytest.mark.parametrize(
    ("sent", "received"),
    [(None, 5), (5, None), ("5", 5), (True, 5), (-5, 5), (5.0, 5), (10**12, 5), (5, float("nan"))],
)
def test_what_is_no_count_of_tokens_is_unknown(sent: object, received: object) -> None:
    stated = prices.find("1/1", listed_as="openai", model="gpt-4o-mini")
    assert listed().usage(answer("gpt-4o-mini", sent, received)) is None
    assert stated.usage(answer("gpt-4o-mini", sent, received)) is None


@pytest.mark.parametrize("raw", [{}, {"usage": None}, {"usage": []}, {"usage": {}}, {"model": 7, "usage": 7}])
def test_an_answer_without_a_count_is_unknown(raw: dict[str, object]) -> None:
    assert listed().usage(raw) is None


@pytest.mark.parametrize("cached", [-5, 10**9, "many", None, [], True])
def test_absurd_details_never_make_a_price_negative_or_crash(cached: object) -> None:
    usage = listed().usage(answer("gpt-4o-mini", 1_000, 100, prompt_tokens_details={"cached_tokens": cached}))
    assert usage is None or usage.cost_usd > 0


def _text_models() -> list[ModelInfo]:
    openai = data_snapshot.find_provider_by_id(data_snapshot.get_snapshot().providers, "openai")
    assert openai is not None
    return [model for model in openai.models if model.id.startswith(("gpt-4", "gpt-5", "o1", "o3", "o4"))]


@settings(max_examples=300, deadline=None)
@given(
    model=st.sampled_from([model.id for model in _text_models()]),
    tokens_in=st.integers(1, 1_000_000),
    tokens_out=st.integers(1, 100_000),
    shares=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    tier=st.sampled_from(["default", "flex", "priority", "fast", "unheard of", None]),
)
def test_no_listed_model_ever_costs_more_than_its_worst_case(
    model: str, tokens_in: int, tokens_out: int, shares: tuple[float, float], tier: str | None
) -> None:
    price = listed(model)
    try:
        worst_usd = price.worst_case_usd(tokens_in + 7, tokens_out)
    except PermanentVoterError:
        return
    cached = int(tokens_in * shares[0])
    written = int((tokens_in - cached) * shares[1])
    details = {"cached_tokens": cached, "cache_write_tokens": written}
    raw = answer(model, tokens_in, tokens_out, prompt_tokens_details=details) | {"service_tier": tier}
    usage = price.usage(raw)
    assert usage is not None
    assert 0 < usage.cost_usd <= worst_usd


def test_prices_are_never_fetched() -> None:
    listed().worst_case_usd(1_000, 1_000)
    assert not data_snapshot.get_snapshot().from_auto_update
    assert not [thread for thread in threading.enumerate() if "genai_prices" in thread.name]
    assert (
        genai_prices.calc_price(genai_prices.Usage(), "gpt-4o", provider_id="openai").auto_update_timestamp
        is None
    )


@pytest.mark.recorded
def test_every_recorded_openai_answer_has_a_price_within_its_worst_case() -> None:
    priced = 0
    for exchange, raw in recordings.generations():
        if exchange.folder == "openai_chat":
            model = str(raw["model"])
            usage = listed(model).usage(raw)
            assert usage is not None, exchange.name
            assert 0 < usage.cost_usd <= listed(model).worst_case_usd(usage.tokens_in, usage.tokens_out)
            priced += 1
    assert priced >= 20
