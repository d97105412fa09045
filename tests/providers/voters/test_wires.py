"""What all wires promise alike, each in its own words; the bodies are built as the vendors document them."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from providers.errors import ErrorKind, TransientVoterError, VoterError
from providers.voters import prices, prompts, vendors
from providers.voters.model_voters import Settings
from providers.voters.types import Opinion
from providers.voters.vendors import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, Enforced
from tests.providers.canned import Canned, canned
from tests.providers.voters.bodies import MODEL, RECEIVED, SENT, WIRES, ballot, called, said
from tests.providers.voters.samples import KEY, PRICE, brief, patience, voter


@pytest.fixture(scope="module")
def served() -> Iterator[Canned]:
    with canned() as one:
        yield one


def failure(served: Canned, wire: str, body: bytes, *, enforced: Enforced | None = None) -> VoterError:
    served.answer(body)
    can = vendors.WIRES[wire]
    asked = voter(served.base_url, wire=wire, abilities=replace(can, enforced=enforced or can.enforced))
    with pytest.raises(VoterError) as raised:
        asked.ask(brief(), timeout_s=5)
    return raised.value


@pytest.mark.parametrize("wire", WIRES)
def test_a_complete_answer_is_a_vote_with_its_model_tokens_and_cost(served: Canned, wire: str) -> None:
    served.answer(said(wire, ballot()))
    answer = voter(served.base_url, wire=wire, model="asked-model").ask(brief(), timeout_s=5)
    (opinion,) = answer.opinions
    assert isinstance(opinion, Opinion)
    assert (opinion.action, opinion.confidence, opinion.stop) == ("BUY", 0.7, 95.0)
    assert answer.response_model == MODEL
    assert not answer.is_repaired
    assert answer.prompt_sha256 == prompts.load().sha256
    assert (answer.usage.tokens_in, answer.usage.tokens_out) == (SENT, RECEIVED)
    # 700 at 1 and 50 at 10 US$ per million.
    assert answer.usage.cost_usd == Decimal("0.0012")


@pytest.mark.parametrize(
    ("wire", "ended", "kind"),
    [
        (OPENAI_CHAT, "length", "truncated"),
        (OPENAI_CHAT, "model_length", "truncated"),
        (OPENAI_CHAT, "content_filter", "refused"),
        (OPENAI_CHAT, "tool_calls", "bad_response"),
        (OPENAI_CHAT, "function_call", "bad_response"),
        (OPENAI_CHAT, "error", "overloaded"),
        (OPENAI_CHAT, "insufficient_system_resource", "overloaded"),
        (OPENAI_RESPONSES, "max_output_tokens", "truncated"),
        (OPENAI_RESPONSES, "content_filter", "refused"),
        (OPENAI_RESPONSES, "cancelled", "bad_response"),
        (OPENAI_RESPONSES, "in_progress", "bad_response"),
        (ANTHROPIC_MESSAGES, "max_tokens", "truncated"),
        (ANTHROPIC_MESSAGES, "model_context_window_exceeded", "truncated"),
        (ANTHROPIC_MESSAGES, "refusal", "refused"),
        (ANTHROPIC_MESSAGES, "pause_turn", "bad_response"),
        (ANTHROPIC_MESSAGES, "tool_use", "bad_response"),
        (GEMINI, "MAX_TOKENS", "truncated"),
        (GEMINI, "SAFETY", "refused"),
        (GEMINI, "PROHIBITED_CONTENT", "refused"),
        (GEMINI, "RECITATION", "refused"),
        (GEMINI, "SPII", "refused"),
        (GEMINI, "MALFORMED_FUNCTION_CALL", "bad_response"),
        (GEMINI, "OTHER", "bad_response"),
        (GEMINI, "a word of next year", "bad_response"),
    ],
)
def test_a_perfect_ballot_in_an_answer_that_did_not_end_well_is_no_vote(
    served: Canned, wire: str, ended: str, kind: str
) -> None:
    assert failure(served, wire, said(wire, ballot(), ended=ended)).kind == kind


def test_a_provider_that_gives_up_in_the_middle_is_asked_again(served: Canned) -> None:
    served.answer(said(OPENAI_CHAT, ballot(), ended="insufficient_system_resource"))
    asked = voter(served.base_url, patience=patience(1))
    before = len(served.received)
    with pytest.raises(TransientVoterError):
        asked.ask(brief(), timeout_s=5)
    assert len(served.received) - before == 2


REFUSALS = [
    (OPENAI_CHAT, {"choices": [{"finish_reason": "stop", "message": {"refusal": "I will not."}}]}),
    (
        OPENAI_RESPONSES,
        {
            "status": "completed",
            "output": [{"type": "message", "content": [{"type": "refusal", "refusal": "I will not."}]}],
        },
    ),
    (GEMINI, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    (ANTHROPIC_MESSAGES, {"content": [], "stop_reason": "refusal"}),
]


@pytest.mark.parametrize(("wire", "body"), REFUSALS)
def test_a_refusal_is_refused(served: Canned, wire: str, body: dict[str, object]) -> None:
    assert failure(served, wire, orjson.dumps(body)).kind is ErrorKind.REFUSED


def test_a_gemini_answer_cut_off_before_its_first_word_is_truncated(served: Canned) -> None:
    body = {"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}]}
    assert failure(served, GEMINI, orjson.dumps(body)).kind is ErrorKind.TRUNCATED


def test_what_a_model_says_on_its_way_is_not_its_answer(served: Canned) -> None:
    raw = orjson.loads(said(OPENAI_RESPONSES, ballot()))
    comment = {"type": "output_text", "text": "I look at the numbers first."}
    raw["output"].insert(0, {"type": "message", "phase": "commentary", "content": [comment]})
    served.answer(orjson.dumps(raw))
    assert voter(served.base_url, wire=OPENAI_RESPONSES).ask(brief(), timeout_s=5).opinions


@pytest.mark.parametrize(
    ("code", "kind"), [("server_error", "overloaded"), ("rate_limit_exceeded", "rate_limit")]
)
def test_a_response_that_failed_says_why_inside_a_200(served: Canned, code: str, kind: str) -> None:
    body = {"status": "failed", "error": {"code": code, "message": "Sorry."}, "output": []}
    error = failure(served, OPENAI_RESPONSES, orjson.dumps(body))
    assert error.kind == kind
    assert isinstance(error, TransientVoterError)


@pytest.mark.parametrize("wire", WIRES)
def test_the_ballots_tool_called_once_is_a_vote(served: Canned, wire: str) -> None:
    served.answer(called(wire, ballot()))
    can = replace(vendors.WIRES[wire], enforced=Enforced.TOOL)
    (opinion,) = voter(served.base_url, wire=wire, abilities=can).ask(brief(), timeout_s=5).opinions
    assert isinstance(opinion, Opinion)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    ("times", "name"),
    [pytest.param(2, "ballot", id="twice"), pytest.param(1, "another", id="another tool")],
)
def test_any_other_call_is_no_vote(served: Canned, wire: str, times: int, name: str) -> None:
    body = called(wire, ballot(), times=times, name=name)
    assert failure(served, wire, body, enforced=Enforced.TOOL).kind is ErrorKind.BAD_RESPONSE


@pytest.mark.parametrize("wire", WIRES)
def test_words_instead_of_the_tool_are_no_vote(served: Canned, wire: str) -> None:
    body = said(wire, ballot())
    assert failure(served, wire, body, enforced=Enforced.TOOL).kind is ErrorKind.BAD_RESPONSE


@pytest.mark.parametrize("wire", WIRES)
def test_two_actions_anywhere_in_an_answer_are_no_vote(served: Canned, wire: str) -> None:
    body = called(wire, ballot()).replace(b'"action":"BUY"', b'"action":"BUY","action":"SELL"')
    body = body.replace(rb"\"action\":\"BUY\"", rb"\"action\":\"BUY\",\"action\":\"SELL\"")
    assert b"SELL" in body
    assert failure(served, wire, body, enforced=Enforced.TOOL).kind is ErrorKind.BAD_RESPONSE


KEY_HEADERS = {ANTHROPIC_MESSAGES: "x-api-key: ", GEMINI: "x-goog-api-key: "}
PATHS = {
    OPENAI_CHAT: "/v1/chat/completions",
    OPENAI_RESPONSES: "/v1/responses",
    ANTHROPIC_MESSAGES: "/v1/messages",
    GEMINI: "/v1/models/emulated-bull:generateContent",
}


@pytest.mark.parametrize("wire", WIRES)
def test_the_key_travels_in_one_header_only(served: Canned, wire: str) -> None:
    served.answer(said(wire, ballot()))
    voter(served.base_url, wire=wire).ask(brief(), timeout_s=5)
    head, _, body = served.received[-1].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST {PATHS[wire]} HTTP/1.1"
    carrying = [line for line in lines if KEY in line]
    assert carrying == [KEY_HEADERS.get(wire, "Authorization: Bearer ") + KEY]
    assert KEY.encode() not in body


@pytest.mark.parametrize("wire", WIRES)
def test_without_a_key_none_is_sent(served: Canned, wire: str) -> None:
    served.answer(said(wire, ballot()))
    voter(served.base_url, wire=wire, api_key=None).ask(brief(), timeout_s=5)
    head = served.received[-1].partition(b"\r\n\r\n")[0].lower()
    assert b"authorization" not in head
    assert b"key" not in head


def test_anthropics_address_is_taken_with_and_without_its_version(served: Canned) -> None:
    served.answer(said(ANTHROPIC_MESSAGES, ballot()))
    for base_url in (served.base_url, served.base_url.removesuffix("/v1")):
        voter(base_url, wire=ANTHROPIC_MESSAGES).ask(brief(), timeout_s=5)
        head = served.received[-1].split(b"\r\n")
        assert head[0] == b"POST /v1/messages HTTP/1.1"
        assert b"anthropic-version: 2023-06-01" in head


def test_a_models_name_cannot_lead_a_request_elsewhere(served: Canned) -> None:
    served.answer(said(GEMINI, ballot()))
    voter(served.base_url, wire=GEMINI, model="m?key=1#../x").ask(brief(), timeout_s=5)
    assert served.received[-1].startswith(b"POST /v1/models/m%3Fkey%3D1%23../x:generateContent HTTP/1.1\r\n")


def request(wire: str, enforced: Enforced, settings: Settings) -> dict[str, object]:
    can = replace(vendors.WIRES[wire], enforced=enforced)
    asked = voter("http://127.0.0.1:9/v1", wire=wire, abilities=can, settings=settings)
    body: dict[str, object] = orjson.loads(asked.request(brief("BTC/USDT", "ETH/USDT")))
    return body


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("enforced", Enforced)
def test_the_schema_is_enforced_or_told_and_the_brief_stays_in_its_fence(
    wire: str, enforced: Enforced
) -> None:
    body = orjson.dumps(request(wire, enforced, Settings(500)))
    assert body.count(b"risk_level") >= 2  # in the prompt, and in the schema
    is_told = b"fits this schema" in body
    assert is_told == (enforced in (Enforced.JSON_OBJECT, Enforced.NONE))
    assert body.count(b"<brief>\\n{") == 1


def test_settings_go_where_each_wire_wants_them() -> None:
    given = Settings(500, temperature=0.5, seed=7, effort="low")
    bodies = {wire: request(wire, Enforced.JSON_SCHEMA, given) for wire in WIRES}
    chat = bodies[OPENAI_CHAT]
    assert (chat["max_completion_tokens"], chat["temperature"], chat["seed"]) == (500, 0.5, 7)
    assert chat["reasoning_effort"] == "low"
    responses = bodies[OPENAI_RESPONSES]
    assert (responses["max_output_tokens"], responses["reasoning"]) == (500, {"effort": "low"})
    assert "seed" not in responses
    messages = bodies[ANTHROPIC_MESSAGES]
    config = messages["output_config"]
    assert isinstance(config, dict)
    assert (messages["max_tokens"], config["effort"], config["format"]["type"]) == (500, "low", "json_schema")
    config = bodies[GEMINI]["generationConfig"]
    assert isinstance(config, dict)
    assert (config["maxOutputTokens"], config["temperature"], config["seed"]) == (500, 0.5, 7)
    assert config["thinkingConfig"] == {"thinkingLevel": "low"}
    assert config["responseMimeType"] == "application/json"


@pytest.mark.parametrize("wire", WIRES)
def test_the_worst_case_covers_what_was_sent_and_all_that_may_be_said(wire: str) -> None:
    asked = voter("http://127.0.0.1:9/v1", wire=wire, patience=patience(1))
    sent = len(asked.request(brief()))
    assert asked.worst_case(brief()).cost_usd == 2 * (sent * PRICE.usd_in + 1_000 * PRICE.usd_out) / 1_000_000


def test_a_wait_that_only_the_body_tells_is_heeded(served: Canned) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}]
    error = {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED", "details": details}
    served.answer(orjson.dumps({"error": error}), status="429 Too Many Requests")
    waits: list[float] = []
    with pytest.raises(TransientVoterError):
        voter(served.base_url, wire=GEMINI, patience=patience(1, waits)).ask(brief(), timeout_s=60)
    assert waits == [7.0]


def test_a_count_that_the_price_list_cannot_read_is_booked_at_its_worst_and_the_vote_counts(
    served: Canned,
) -> None:
    raw = orjson.loads(said(GEMINI, ballot()))
    raw["usageMetadata"]["promptTokensDetails"] = [{"modality": 7, "tokenCount": 700}]
    served.answer(orjson.dumps(raw))
    listed = prices.ListPrice("google", "gemini-2.5-flash")
    asked = voter(served.base_url, wire=GEMINI, price=listed)
    answer = asked.ask(brief(), timeout_s=5)
    assert isinstance(answer.opinions[0], Opinion)
    assert answer.usage.cost_usd == asked.worst_case(brief()).cost_usd
