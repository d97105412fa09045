"""Each answer of the emulator has the keys and types of a recorded one, or is listed as recorded nowhere."""

from collections.abc import Iterator, Mapping

import httpx
import orjson
import pytest

from providers.emulator import anthropic_messages, gemini, openai_chat
from providers.emulator.wires import End
from providers.voters.vendors import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.providers import recordings
from tests.providers.emulator.running import Running, emulator

PATHS = {
    OPENAI_CHAT: "/v1/chat/completions",
    OPENAI_RESPONSES: "/v1/responses",
    ANTHROPIC_MESSAGES: "/v1/messages",
    GEMINI: "/v1beta/models/emulated-bull:generateContent",
}
STATUSES = {OPENAI_CHAT: openai_chat.ERRORS, OPENAI_RESPONSES: openai_chat.ERRORS} | {
    ANTHROPIC_MESSAGES: anthropic_messages.ERRORS,
    GEMINI: gemini.ERRORS,
}
# Each kind of answer, and the recorded exchange whose request is asked again for it.
LLMETRY, PYDANTIC, RUBY = "openllmetry__test_", "pydantic-ai__test_", "ruby_llm__"
ENDS = f"openai_responses/{LLMETRY}finish_reasons__TestResponsesAPIFinishReasons.test_responses_api"
CALLS = f"anthropic/{RUBY}chat_function_calling_anthropic_claude-haiku-4-5_handles_array_params.yml#0"
RECORDED = {
    (OPENAI_CHAT, "text"): f"openai_chat/{PYDANTIC}openai__test_max_completion_tokens_gpt-4o-mini_.yaml#0",
    (OPENAI_CHAT, "schema"): f"openai_chat/{LLMETRY}prompt_management__"
    "test_prompt_management_with_response_format.yaml#0",
    (OPENAI_CHAT, "tool"): f"openai_chat/{PYDANTIC}openai__test_openai_prompted_output.yaml#0",
    (OPENAI_CHAT, "refused"): f"openai_chat/{LLMETRY}chat_parse__test_parsed_refused_completion.yaml#1",
    (OPENAI_CHAT, "400"): f"openai_chat/{PYDANTIC}multimodal_tool_returns__"
    "test_multimodal_tool_return_matrix_direct-binary-audio-openai_chat_.yaml#1",
    (OPENAI_CHAT, "404"): "openai_chat/otel-contrib__test_async_chat_completion_404.yaml#0",
    (OPENAI_RESPONSES, "text"): f"{ENDS}_stop_finish_reason.yaml#0",
    (OPENAI_RESPONSES, "tool"): f"{ENDS}_tool_call_finish_reason.yaml#0",
    (OPENAI_RESPONSES, "schema"): f"openai_responses/{LLMETRY}responses__test_responses_parse_async.yaml#0",
    (OPENAI_RESPONSES, "400"): f"openai_responses/{PYDANTIC}model_name_suggestions__"
    "test_inferred_model_name_suggestion.yaml#0",
    (OPENAI_RESPONSES, "401"): f"openai_responses/{RUBY}error_handles_invalid_api_keys_gracefully.yml#0",
    (ANTHROPIC_MESSAGES, "text"): f"anthropic/{RUBY}chat_basic_chat_functionality_anthropic_claude-haiku-4-5_"
    "can_have_a_basic_conversation.yml#0",
    (ANTHROPIC_MESSAGES, "schema"): f"anthropic/{RUBY}chat_with_schema_with_anthropic_claude-haiku-4-5_"
    "accepts_a_json_schema_and_returns_structured_output.yml#0",
    (ANTHROPIC_MESSAGES, "tool"): CALLS,
    (ANTHROPIC_MESSAGES, "404"): f"anthropic/{PYDANTIC}anthropic__test_anthropic_count_tokens_error.yaml#0",
    (GEMINI, "text"): f"gemini/{RUBY}chat_basic_chat_functionality_gemini_gemini-2_5-flash_"
    "can_have_a_basic_conversation.yml#0",
    (GEMINI, "tool"): f"gemini/{PYDANTIC}output__test_google_validated_accepts_what_auto_accepts_"
    "validated_.yaml#0",
    (GEMINI, "400"): f"vertex/{PYDANTIC}multimodal_tool_returns__test_model_sees_multiple_images_"
    "google_vertex_.yaml#1",
    (GEMINI, "404"): f"gemini/{PYDANTIC}model_name_suggestions__test_model_name_suggestion_google_.yaml#0",
    (GEMINI, "429"): f"gemini/{RUBY}chat_real_error_scenarios_gemini_gemini-2_5-flash_"
    "handles_context_length_exceeded_errors.yml#0",
}
# In no recording of the vendor itself: made as the vendor documents it, or as its other answers are.
UNRECORDED = {
    OPENAI_CHAT: {"truncated", "filtered", "401", "403", "429", "500", "503"},  # truncated: of 2024 only
    OPENAI_RESPONSES: {"truncated", "refused", "filtered", "403", "404", "429", "500", "503"},
    ANTHROPIC_MESSAGES: {"truncated", "refused", "filtered"}
    | {"400", "401", "402", "403", "413", "429", "500", "504", "529"},
    # schema: in one recording, from before answers named their service tier.
    GEMINI: {"schema", "truncated", "refused", "filtered", "401", "403", "500", "503", "504"},
}
KINDS = {"text", "schema", "tool"} | {end.value for end in End} - {"stop"}
# What the caller made up, or a model: it differs with each request.
THEIRS = {"schema", "parameters", "input", "args", "tools", "tool_choice"}
# Sent as null by newer models.
NULLABLE = {"system_fingerprint", "param", "code"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator")) as one:
        yield one


def shape(value: object, name: str = "") -> object:
    """Return the keys and types of *value*, of lists those that are different."""
    if name in THEIRS or (name in NULLABLE and isinstance(value, str | None)):
        return "any"
    if isinstance(value, dict):
        return {key: shape(inner, key) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return sorted({orjson.dumps(shape(inner)).decode() for inner in value})
    return type(value).__name__


def rule(kind: str, wire: str) -> Mapping[str, object]:
    if kind.isdigit():
        return {"status": int(kind), "retry_after": {"seconds": 48, "told": "body"}}
    thought = {"usage": {"reasoning": 2, "cached": 0}} if wire == GEMINI else {}
    return {"content": "{}", "end": kind if kind in KINDS - {"text", "schema", "tool"} else "stop", **thought}


def test_every_kind_of_answer_is_recorded_or_listed_as_recorded_nowhere() -> None:
    for wire, statuses in STATUSES.items():
        recorded = {kind for one, kind in RECORDED if one == wire}
        assert not recorded & UNRECORDED[wire]
        assert recorded | UNRECORDED[wire] == KINDS | {str(status) for status in statuses}, wire


@pytest.mark.recorded
@pytest.mark.parametrize(("wire", "kind"), RECORDED)
def test_an_answer_has_the_shape_of_the_recorded_one(running: Running, wire: str, kind: str) -> None:
    (recorded,) = [one for one in recordings.exchanges() if one.name == RECORDED[wire, kind]]
    sent = {"max_tokens": 9, **orjson.loads(recorded.sent)}  # a request that only counts tokens has no limit
    reply = httpx.post(
        running.base_url.removesuffix("/v1") + PATHS[wire],
        json=sent,
        headers={"x-emulator-script": orjson.dumps(rule(kind, wire)).decode()},
        trust_env=False,
    )
    assert reply.status_code == recorded.status
    assert shape(reply.json()) == shape(recorded.raw)
