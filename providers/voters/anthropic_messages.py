"""The wire of Anthropic's Messages."""

from collections.abc import Mapping

import orjson

from providers.voters import ballots, prices
from providers.voters.vendors import Enforced
from providers.voters.wires import BALLOT, Ends, Question, Read, Reading

VERSION = "2023-06-01"


class _Block(Read):
    type: str
    text: str = ""
    name: str = ""
    input: dict[str, object] | None = None


class _Message(Read):
    content: list[_Block]
    stop_reason: str | None = None
    model: str | None = None


class AnthropicMessages:
    """Messages."""

    title = "Messages"
    counters = prices.MESSAGES
    ends = Ends(
        complete=frozenset({"end_turn"}),
        called=frozenset({"tool_use"}),
        cut_short=frozenset({"max_tokens", "model_context_window_exceeded"}),
        filtered=frozenset({"refusal"}),
    )

    def path(self, base_url: str, model: str) -> str:
        # Anthropic's own tools are told the address without the version.
        return "messages" if base_url.rstrip("/").endswith("/v1") else "v1/messages"

    def headers(self, key: str | None) -> Mapping[str, str]:
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def request(self, question: Question) -> dict[str, object]:
        return {
            "model": question.model,
            "system": question.instructions,
            "messages": [{"role": "user", "content": question.brief}],
            **_form(question),
        }

    def read(self, raw: dict[str, object]) -> Reading:
        message = _Message.model_validate(raw)
        calls = [block for block in message.content if block.type == "tool_use"]
        is_ballot = [call.name for call in calls] == [BALLOT]
        return Reading(
            model=message.model,
            ended=message.stop_reason,
            text="".join(block.text for block in message.content if block.type == "text"),
            arguments=orjson.dumps(calls[0].input).decode() if is_ballot else None,
        )


def _form(question: Question) -> dict[str, object]:
    match question.enforced:
        case Enforced.JSON_SCHEMA:
            return {"output_config": {"format": {"type": "json_schema", "schema": question.schema}}}
        case Enforced.TOOL:
            tool = {"name": BALLOT, "description": ballots.TOOL, "input_schema": question.schema}
            return {"tools": [tool], "tool_choice": {"type": "tool", "name": BALLOT}}
        case Enforced.JSON_OBJECT | Enforced.NONE:
            return {}
