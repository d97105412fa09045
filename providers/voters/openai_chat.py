"""The wire of OpenAI's Chat Completions, which many other vendors and local servers speak too."""

from collections.abc import Mapping

from pydantic import Field

from providers.voters import ballots, prices, wires
from providers.voters.vendors import Enforced
from providers.voters.wires import BALLOT, Ends, Question, Read, Reading


class _Part(Read):
    type: str
    text: str = ""


class _Function(Read):
    name: str = ""
    arguments: str = ""


class _Call(Read):
    function: _Function = _Function()


class _Message(Read):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None

    @property
    def text(self) -> str:
        """The answer; of a model that sends its thoughts along, as Mistral's do, the answering parts."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class _Choice(Read):
    finish_reason: str | None = None
    message: _Message = _Message()


class _Completion(Read):
    """What is read of an answer; vendors add fields of their own, which are let be."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None


class OpenAIChat:
    """Chat Completions."""

    title = "Chat Completions"
    counters = prices.CHAT
    ends = Ends(
        complete=frozenset({"stop", "eos"}),
        called=frozenset({"tool_calls"}),
        cut_short=frozenset({"length", "model_length", "max_tokens"}),
        filtered=frozenset({"content_filter"}),
        broken=frozenset({"insufficient_system_resource", "error"}),
    )

    def path(self, base_url: str, model: str) -> str:
        return "chat/completions"

    def headers(self, key: str | None) -> Mapping[str, str]:
        return wires.bearer(key)

    def request(self, question: Question) -> dict[str, object]:
        messages = [
            {"role": "system", "content": question.instructions},
            {"role": "user", "content": question.brief},
        ]
        return {"model": question.model, "messages": messages, **_form(question)}

    def read(self, raw: dict[str, object]) -> Reading:
        completion = _Completion.model_validate(raw)
        choice = completion.choices[0]
        calls = [call.function for call in choice.message.tool_calls or ()]
        return Reading(
            model=completion.model,
            ended=choice.finish_reason,
            text=choice.message.text,
            refusal=choice.message.refusal,
            arguments=calls[0].arguments if [call.name for call in calls] == [BALLOT] else None,
        )


def _form(question: Question) -> dict[str, object]:
    match question.enforced:
        case Enforced.JSON_SCHEMA:
            named = {"name": BALLOT, "strict": True, "schema": question.schema}
            return {"response_format": {"type": "json_schema", "json_schema": named}}
        case Enforced.JSON_OBJECT:
            return {"response_format": {"type": "json_object"}}
        case Enforced.TOOL:
            tool = {"name": BALLOT, "description": ballots.TOOL, "parameters": question.schema}
            return {
                "tools": [{"type": "function", "function": {**tool, "strict": True}}],
                "tool_choice": {"type": "function", "function": {"name": BALLOT}},
            }
        case Enforced.NONE:
            return {}
