"""Every wire against what real providers answered: text, usage, end, error, and the shape of requests."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from providers.errors import ErrorKind, TransientVoterError, VoterError
from providers.voters import prices, rejections, vendors, wires
from providers.voters.model_voters import Settings
from providers.voters.registry import WIRES
from providers.voters.vendors import (
    ANTHROPIC_MESSAGES,
    GEMINI,
    OPENAI_CHAT,
    OPENAI_RESPONSES,
    VENDORS,
    Enforced,
)
from tests.providers import recordings
from tests.providers.canned import Canned, canned
from tests.providers.recordings import Exchange
from tests.providers.voters.samples import PRICE, brief, voter

pytestmark = pytest.mark.recorded

LABELS: dict[str, str] = orjson.loads(Path(__file__).with_name("labels.json").read_bytes())
# Recorded once, so that fewer are noticed: a test that walks nothing is green too.
AT_LEAST = {OPENAI_CHAT: 110, OPENAI_RESPONSES: 39, ANTHROPIC_MESSAGES: 19, GEMINI: 12}
BEYOND = {
    "a stream",
    "no generation: counts tokens",
    "no generation: an embedding",
    "Ollama's own wire; its server speaks Chat Completions too",
}
# What the price list calls them, where that is no vendor's name of ours.
LISTED = {"azure": "azure", "vertex": "google", "xai": "x-ai", "openai_chat": "openai"} | {
    "openai_responses": "openai",
    "gemini": "google",
}


@pytest.fixture(scope="module")
def served() -> Iterator[Canned]:
    with canned() as one:
        yield one


# What a recording says, found without our readers.
def chat(raw: Any) -> tuple[str, str, int, int]:
    choice = raw["choices"][0]
    content = choice.get("message", {}).get("content") or ""
    if isinstance(content, list):
        content = "".join(part["text"] for part in content if part["type"] == "text")
    usage = raw["usage"]
    return content, choice["finish_reason"], usage["prompt_tokens"], usage["completion_tokens"]


def responses(raw: Any) -> tuple[str, str, int, int]:
    messages = [item for item in raw["output"] if item["type"] == "message"]
    text = "".join(p["text"] for item in messages for p in item["content"] if p["type"] == "output_text")
    return text, raw["status"], raw["usage"]["input_tokens"], raw["usage"]["output_tokens"]


def messages(raw: Any) -> tuple[str, str, int, int]:
    text = "".join(block["text"] for block in raw["content"] if block["type"] == "text")
    usage = raw["usage"]
    cached = usage.get("cache_creation_input_tokens", 0) + usage.get("cache_read_input_tokens", 0)
    return text, raw["stop_reason"], usage["input_tokens"] + cached, usage["output_tokens"]


def gemini(raw: Any) -> tuple[str, str, int, int]:
    candidate, usage = raw["candidates"][0], raw["usageMetadata"]
    parts = candidate["content"]["parts"]
    text = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    received = usage["candidatesTokenCount"] + usage.get("thoughtsTokenCount", 0)
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + received
    return text, candidate["finishReason"], usage["promptTokenCount"], received


PLAIN = {OPENAI_CHAT: chat, OPENAI_RESPONSES: responses, ANTHROPIC_MESSAGES: messages, GEMINI: gemini}


def test_every_recording_is_ours_to_read_or_beyond_our_wires_for_a_reason() -> None:
    assert {one.beyond for one in recordings.every_exchange() if one.beyond} == BEYOND


@pytest.mark.parametrize("wire", WIRES)
def test_every_recorded_generation_is_read_as_it_was_recorded(wire: str) -> None:
    found = recordings.successes(wire)
    for exchange in found:
        raw = exchange.raw
        reading = wires.read(WIRES[wire], raw)
        usage = PRICE.usage(raw, WIRES[wire].counters)
        assert usage is not None, exchange.name
        assert (reading.text, reading.ended, usage.tokens_in, usage.tokens_out) == PLAIN[wire](raw), (
            exchange.name
        )
        assert reading.model == raw.get("model", raw.get("modelVersion")), exchange.name
    assert len(found) >= AT_LEAST[wire]


@pytest.mark.parametrize("wire", WIRES)
def test_only_a_complete_recorded_answer_would_be_parsed(wire: str) -> None:
    complete = {OPENAI_CHAT: "stop", ANTHROPIC_MESSAGES: "end_turn", GEMINI: "STOP"}
    ends = {"length": "truncated", "content_filter": "refused"}
    for exchange in recordings.successes(wire):
        text, ended, _, _ = PLAIN[wire](exchange.raw)
        is_complete = ended in (complete[wire],) if wire in complete else ended.startswith("complete")
        is_refused = b'"refusal": "' in exchange.body or b'"refusal":"' in exchange.body
        expected = text if is_complete and text else ends.get(ended, "bad_response")
        try:
            reading = wires.read(WIRES[wire], exchange.raw)
            found = wires.ballot_text(WIRES[wire], reading, Enforced.JSON_SCHEMA)
        except VoterError as error:
            found = error.kind.value
        assert found == ("refused" if is_refused else expected), exchange.name


def test_every_recorded_failure_has_the_kind_that_a_person_wrote_beside_it() -> None:
    failures = [one for one in recordings.exchanges() if one.status != 200]
    assert {one.name for one in failures} == set(LABELS)
    for exchange in failures:
        error = rejections.voter_error("v", exchange.status, exchange.body, key=None)
        assert error.kind == LABELS[exchange.name], exchange.name
        # None of these heals by asking again: not even the 429, whose prompt is too long for its limit.
        assert not isinstance(error, TransientVoterError), exchange.name
        assert len(str(error)) > len("v answered 400: "), exchange.name


@pytest.mark.parametrize("wire", WIRES)
def test_every_recorded_answer_comes_over_the_wire_as_a_voter_error(wire: str, served: Canned) -> None:
    # None is a ballot: people asked these models about other things.
    kinds = Counter[ErrorKind]()
    asked = voter(served.base_url, wire=wire)
    for exchange in recordings.exchanges(wire):
        served.answer(exchange.body, status=f"{exchange.status} Recorded")
        with pytest.raises(VoterError) as raised:
            asked.ask(brief(), timeout_s=5)
        kinds[raised.value.kind] += 1
        assert exchange.status == 200 or raised.value.kind == LABELS[exchange.name], exchange.name
    assert kinds[ErrorKind.BAD_RESPONSE] >= AT_LEAST[wire] / 2
    assert ErrorKind.INTERNAL not in kinds


def _listed_as(exchange: Exchange) -> str:
    if exchange.folder in LISTED:
        return LISTED[exchange.folder]
    return VENDORS[exchange.folder].listed_as


def test_every_recorded_answer_of_a_listed_model_costs_at_most_its_worst_case() -> None:
    priced = Counter[str]()
    for exchange in recordings.successes():
        raw = exchange.raw
        model = str(raw.get("model", raw.get("modelVersion")))
        price = prices.find(None, listed_as=_listed_as(exchange), model=model)
        assert exchange.wire is not None
        usage = price.usage(raw, WIRES[exchange.wire].counters)
        if usage is None:
            continue
        worst_usd = price.worst_case_usd(usage.tokens_in, usage.tokens_out)
        assert 0 < usage.cost_usd <= worst_usd, exchange.name
        priced[exchange.wire] += 1
    assert priced[OPENAI_CHAT] >= 80
    assert priced[OPENAI_RESPONSES] >= 36
    assert (priced[ANTHROPIC_MESSAGES], priced[GEMINI]) == (19, 12)


# Where a schema begins, the rest is not the wire's.
SCHEMAS = {"schema", "parameters", "input_schema", "responseJsonSchema", "parametersJsonSchema"}
# In the vendors' documentation, and in none of the recorded requests.
DOCUMENTED = {
    OPENAI_CHAT: {
        "max_tokens",  # the older name, which DeepSeek, Mistral and others kept
        "seed",
        "random_seed",  # Mistral's
        "enable_thinking",  # Qwen's
        "provider.require_parameters",  # OpenRouter's
    },
    OPENAI_RESPONSES: {"temperature", "tool_choice.type", "tool_choice.name"},
    ANTHROPIC_MESSAGES: {"temperature", "tool_choice.name"},
    GEMINI: {
        "systemInstruction",
        "systemInstruction.parts",
        "systemInstruction.parts[].text",
        "generationConfig.maxOutputTokens",
        "generationConfig.temperature",
        "generationConfig.seed",
        "toolConfig.functionCallingConfig.allowedFunctionNames",
    },
}


def _paths(value: object, at: str = "") -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{at}[]")
    if isinstance(value, dict):
        for name, inner in value.items():
            path = f"{at}.{name}" if at else name
            yield path
            if name not in SCHEMAS:
                yield from _paths(inner, path)


def _recorded_requests(wire: str) -> list[dict[str, object]]:
    found = [orjson.loads(one.sent) for one in recordings.successes(wire) if one.sent.startswith("{")]
    assert len(found) >= AT_LEAST[wire] / 2
    return found


def _requests(wire: str) -> Iterator[dict[str, object]]:
    """Yield a request of every kind that this wire sends, to every vendor that speaks it."""
    known = [vendor.abilities for vendor in VENDORS.values() if vendor.wire == wire]
    for can in [*known, vendors.WIRES[wire], *_enforced(vendors.WIRES[wire])]:
        for settings in (Settings(500), Settings(500, temperature=0.5, seed=7, effort="low")):
            asked = voter("http://127.0.0.1:9/v1", wire=wire, abilities=can, settings=settings)
            yield orjson.loads(asked.request(brief()))


def _enforced(can: vendors.Abilities) -> list[vendors.Abilities]:
    return [replace(can, enforced=kind) for kind in Enforced]


@pytest.mark.parametrize("wire", WIRES)
def test_a_request_has_what_every_recorded_one_has_and_nothing_unheard_of(wire: str) -> None:
    recorded = _recorded_requests(wire)
    required = set.intersection(*(set(request) for request in recorded))
    seen = {path for request in recorded for path in _paths(request)}
    assert required
    assert not seen & DOCUMENTED[wire]
    for request in _requests(wire):
        assert required <= set(request)
        assert set(_paths(request)) <= seen | DOCUMENTED[wire]
