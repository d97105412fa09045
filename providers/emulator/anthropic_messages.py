"""Messages as Anthropic's servers speak it."""

from collections.abc import Mapping

import orjson
from pydantic import Field, JsonValue

from providers.emulator import wires
from providers.emulator.wires import Asked, Body, End, Part, Said, Tokens

# The kinds and texts that Anthropic documents; a script may say otherwise.
ERRORS: dict[int, tuple[str, str]] = {
    400: ("invalid_request_error", "The request body is not valid JSON."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low to access the Anthropic API."),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "model: does not exist"),
    413: ("request_too_large", "Request exceeds the maximum size"),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    504: ("timeout_error", "Request timed out"),
    529: ("overloaded_error", "Overloaded"),
}
ENDS = {
    End.STOP: "end_turn",
    End.TRUNCATED: "max_tokens",
    End.REFUSED: "refusal",
    End.FILTERED: "refusal",
}


class _Message(Part):
    role: str
    content: JsonValue


class _Request(Part):
    model: str
    max_tokens: int = Field(ge=1)
    messages: list[_Message] = Field(min_length=1)
    system: JsonValue = None
    tools: JsonValue = None
    tool_choice: dict[str, JsonValue] = {}


class AnthropicMessages:
    """Messages."""

    def asked(self, raw: Body, model: str | None) -> Asked:
        request = _Request.model_validate(raw)
        users = [message for message in request.messages if message.role == "user"]
        message = "".join(wires.spoken(users[-1].content)) if users else ""
        choice = request.tool_choice.get("type")
        tool = None if choice == "none" else wires.first_name(request.tools)
        return Asked(request.model, message, tool, choice == "tool", raw)

    def answer(self, asked: Asked, said: Said) -> Body:
        usual = "tool_use" if asked.tool and said.end is End.STOP else ENDS[said.end]
        answer: Body = {
            "id": f"msg_emulated{said.id}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": _content(asked, said),
            "stop_reason": usual if said.ended is None else said.ended,
            "stop_sequence": None,
            "stop_details": None,
        }
        return answer | ({"usage": _usage(said.tokens)} if said.tokens else {})

    def error(self, status: int, message: str | None = None, *, retry_s: float | None = None) -> Body:
        kind, text = ERRORS.get(status, ("api_error", "The request failed."))
        told: Body = {"type": kind, "message": message or text}
        return {"type": "error", "error": told, "request_id": "req_emulated"}


def _content(asked: Asked, said: Said) -> list[JsonValue]:
    if said.end in (End.REFUSED, End.FILTERED):
        return []
    if asked.tool is None:
        return [{"type": "text", "text": said.text}]
    block: Body = {"type": "tool_use", "id": f"toolu_emulated{said.id}", "name": asked.tool}
    return [{**block, "input": arguments(said.text), "caller": {"type": "direct"}}]


def arguments(text: str) -> Body:
    """Return *text* as the arguments of a call; of text that is no JSON object nothing is left."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return dict(found) if isinstance(found, Mapping) else {}


def _usage(tokens: Tokens) -> Body:
    return {
        "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
        "cache_creation_input_tokens": 0,
        # Anthropic counts these apart from the others that were sent.
        "cache_read_input_tokens": tokens.cached,
        "inference_geo": "global",
        "input_tokens": tokens.sent - tokens.cached,
        "output_tokens": tokens.received,
        "service_tier": "standard",
    }
