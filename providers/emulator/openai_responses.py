"""Responses as OpenAI's servers speak it."""

import time
from collections.abc import Mapping

from pydantic import Field, JsonValue

from providers.emulator import wires
from providers.emulator.openai_chat import OpenAIChat
from providers.emulator.wires import Asked, Body, End, Part, Said, Tokens

# What an answer repeats of its request, and what it says where the request is silent.
REPEATED: Mapping[str, JsonValue] = {
    "instructions": None,
    "max_output_tokens": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "user": None,
    "metadata": {},
}
# What it says besides, whatever was asked.
CONSTANT: Mapping[str, JsonValue] = {
    "background": False,
    "billing": {"payer": "developer"},
    "error": None,
    "frequency_penalty": 0.0,
    "max_tool_calls": None,
    "presence_penalty": 0.0,
    "prompt_cache_key": None,
    "prompt_cache_retention": None,
    "safety_identifier": None,
    "service_tier": "default",
    "top_logprobs": 0,
    "truncation": "disabled",
}
CUT = {End.TRUNCATED: "max_output_tokens", End.FILTERED: "content_filter"}


class _Item(Part):
    role: str = ""
    content: JsonValue = None


class _Format(Part):
    format: dict[str, JsonValue] = {"type": "text"}


class _Request(Part):
    model: str
    input: str | list[_Item] = Field(min_length=1)
    instructions: str | None = None
    text: _Format = _Format()
    tools: JsonValue = None
    tool_choice: JsonValue = None


class OpenAIResponses:
    """Responses."""

    def asked(self, raw: Body, model: str | None) -> Asked:
        request = _Request.model_validate(raw)
        given = request.input
        items = [_Item(role="user", content=given)] if isinstance(given, str) else given
        users = [item for item in items if item.role == "user"]
        message = "".join(wires.spoken(users[-1].content)) if users else ""
        tool = None if request.tool_choice == "none" else wires.first_name(request.tools)
        return Asked(request.model, message, tool, isinstance(request.tool_choice, dict), raw)

    def answer(self, asked: Asked, said: Said) -> Body:
        cut = _cut(said)
        status = "incomplete" if cut is not None else said.ended or "completed"
        now = int(time.time())
        answer: Body = {
            **CONSTANT,
            **{name: asked.raw.get(name, silent) for name, silent in REPEATED.items()},
            "id": f"resp_emulated{said.id}",
            "object": "response",
            "created_at": now,
            "completed_at": now if cut is None else None,
            "status": status,
            "incomplete_details": None if cut is None else {"reason": cut},
            "model": asked.model,
            "output": [_item(asked, said, "completed" if cut is None else "incomplete")],
            **_shown(asked),
        }
        return answer | ({"usage": _usage(said.tokens)} if said.tokens else {})

    def error(self, status: int, message: str | None = None, *, retry_s: float | None = None) -> Body:
        return OpenAIChat().error(status, message, retry_s=retry_s)


def _cut(said: Said) -> str | None:
    """Return why the answer is incomplete, or None if it is complete."""
    if said.ended is None:
        return CUT.get(said.end)
    return None if said.ended in ("completed", "cancelled", "in_progress", "failed") else said.ended


def _item(asked: Asked, said: Said, status: str) -> Body:
    if asked.tool and said.end is not End.REFUSED:
        call: Body = {"arguments": said.text, "call_id": f"call_{said.id}", "name": asked.tool}
        return {"id": f"fc_emulated{said.id}", "type": "function_call", "status": status, **call}
    part: Body = {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}
    if said.end is End.REFUSED:
        part = {"type": "refusal", "refusal": said.refusal}
    head: Body = {"id": f"msg_emulated{said.id}", "type": "message", "role": "assistant"}
    return {**head, "status": status, "content": [part]}


def _shown(asked: Asked) -> Body:
    """Return what an answer says of thinking and of its form: newer fields come with a schema."""
    form = _Request.model_validate(asked.raw).text.format
    effort: JsonValue = None
    given = asked.raw.get("reasoning")
    if isinstance(given, Mapping):
        effort = given.get("effort")
    reasoning: Body = {"effort": effort, "summary": None}
    if form.get("type") != "json_schema":
        return {"reasoning": reasoning, "text": {"format": form, "verbosity": "medium"}}
    return {
        "reasoning": {"context": None, **reasoning},
        "text": {"format": {"description": None, **form}, "verbosity": "medium"},
        "moderation": None,
        "prompt_cache_retention": "in_memory",
    }


def _usage(tokens: Tokens) -> Body:
    return {
        "input_tokens": tokens.sent,
        "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.received,
        "output_tokens_details": {"reasoning_tokens": tokens.reasoning},
        "total_tokens": tokens.sent + tokens.received,
    }
