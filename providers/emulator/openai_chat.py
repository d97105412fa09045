"""Chat Completions as OpenAI's servers speak it."""

import time

from pydantic import Field, JsonValue

from providers.emulator import wires
from providers.emulator.wires import Asked, Body, End, Part, Said, Tokens

# The texts that OpenAI sends with these; a script may say otherwise.
ERRORS: dict[int, tuple[str, str | None, str]] = {
    400: (
        "invalid_request_error",
        "missing_required_parameter",
        "Missing required parameter: 'messages'.",
    ),
    401: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    403: ("invalid_request_error", "unsupported_country_region_territory", "Country not supported."),
    404: (
        "invalid_request_error",
        "model_not_found",
        "The model does not exist or you do not have access to it.",
    ),
    429: ("requests", "rate_limit_exceeded", "Rate limit reached."),
    500: ("server_error", None, "The server had an error while processing your request."),
    503: ("server_error", None, "The engine is currently overloaded, please try again later."),
}
ENDS = {
    End.STOP: "stop",
    End.TRUNCATED: "length",
    End.REFUSED: "stop",
    End.FILTERED: "content_filter",
}


class _Message(Part):
    role: str
    content: JsonValue = None


class _Request(Part):
    model: str
    messages: list[_Message] = Field(min_length=1)
    tools: JsonValue = None
    tool_choice: JsonValue = None


class OpenAIChat:
    """Chat Completions."""

    def asked(self, raw: Body, model: str | None) -> Asked:
        request = _Request.model_validate(raw)
        users = [message for message in request.messages if message.role == "user"]
        message = "".join(wires.spoken(users[-1].content)) if users else ""
        tool = None if request.tool_choice == "none" else wires.first_name(request.tools, "function")
        return Asked(request.model, message, tool, isinstance(request.tool_choice, dict), raw)

    def answer(self, asked: Asked, said: Said) -> Body:
        choice: Body = {
            "index": 0,
            "message": _message(asked, said),
            "logprobs": None,
            "finish_reason": _ended(asked, said) if said.ended is None else said.ended,
        }
        answer: Body = {
            "id": f"chatcmpl-emulated{said.id}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": asked.model,
            "choices": [choice],
            "service_tier": "default",
            "system_fingerprint": None,
        }
        return answer | ({"usage": _usage(said.tokens)} if said.tokens else {})

    def error(self, status: int, message: str | None = None, *, retry_s: float | None = None) -> Body:
        kind, code, text = ERRORS.get(status, ("invalid_request_error", None, "The request failed."))
        wait = "" if retry_s is None else f" Please try again in {retry_s:g}s."
        param = "messages" if status == 400 else None
        return {"error": {"message": (message or text) + wait, "type": kind, "param": param, "code": code}}


def _ended(asked: Asked, said: Said) -> str:
    # Of a tool that had to be called, OpenAI says that the answer stopped.
    if asked.tool and not asked.is_named and said.end is End.STOP:
        return "tool_calls"
    return ENDS[said.end]


def _message(asked: Asked, said: Said) -> Body:
    message: Body = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
    if said.end is End.REFUSED:
        return {**message, "refusal": said.refusal}
    if asked.tool is None:
        return {**message, "content": said.text}
    call: Body = {"name": asked.tool, "arguments": said.text}
    return {**message, "tool_calls": [{"id": f"call_{said.id}", "type": "function", "function": call}]}


def _usage(tokens: Tokens) -> Body:
    return {
        "prompt_tokens": tokens.sent,
        "completion_tokens": tokens.received,
        "total_tokens": tokens.sent + tokens.received,
        "prompt_tokens_details": {"cached_tokens": tokens.cached, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": tokens.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
