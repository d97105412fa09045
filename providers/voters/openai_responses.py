"""The wire of OpenAI's Responses, which xAI speaks too."""

from collections.abc import Mapping

from providers.voters import ballots, prices, wires
from providers.voters.vendors import Enforced
from providers.voters.wires import BALLOT, Ends, Question, Read, Reading


class _Part(Read):
    type: str
    text: str = ""
    refusal: str = ""


class _Item(Read):
    """One step of the model: a message, a call, a thought.

    phase  "commentary" for what a model says on its way to the answer
    """

    type: str
    content: list[_Part] | None = None
    phase: str | None = None
    name: str = ""
    arguments: str = ""


class _Incomplete(Read):
    reason: str | None = None


class _Response(Read):
    status: str | None = None
    incomplete_details: _Incomplete | None = None
    output: list[_Item]
    model: str | None = None

    @property
    def parts(self) -> list[_Part]:
        """What was said to the one who asked."""
        said = (item for item in self.output if item.type == "message" and item.phase != "commentary")
        return [part for item in said for part in item.content or ()]


class OpenAIResponses:
    """Responses."""

    title = "Responses"
    counters = prices.RESPONSES
    ends = Ends(
        # The short form is in one recording of a gateway.
        complete=frozenset({"completed", "complete"}),
        called=frozenset(),
        cut_short=frozenset({"max_output_tokens", "max_tokens"}),
        filtered=frozenset({"content_filter"}),
    )

    def path(self, base_url: str, model: str) -> str:
        return "responses"

    def headers(self, key: str | None) -> Mapping[str, str]:
        return wires.bearer(key)

    def request(self, question: Question) -> dict[str, object]:
        said = [
            {"role": "system", "content": question.instructions},
            {"role": "user", "content": question.brief},
        ]
        # Not kept at the provider: nobody comes back to an answer.
        return {"model": question.model, "input": said, "store": False, **_form(question)}

    def read(self, raw: dict[str, object]) -> Reading:
        response = _Response.model_validate(raw)
        parts = response.parts
        calls = [item for item in response.output if item.type == "function_call"]
        cut = response.incomplete_details
        return Reading(
            model=response.model,
            ended=(cut.reason if cut else None) or response.status,
            text="".join(part.text for part in parts if part.type == "output_text"),
            refusal="".join(part.refusal for part in parts if part.type == "refusal") or None,
            arguments=calls[0].arguments if [call.name for call in calls] == [BALLOT] else None,
        )


def _form(question: Question) -> dict[str, object]:
    match question.enforced:
        case Enforced.JSON_SCHEMA:
            form = {"type": "json_schema", "name": BALLOT, "strict": True, "schema": question.schema}
            return {"text": {"format": form}}
        case Enforced.JSON_OBJECT:
            return {"text": {"format": {"type": "json_object"}}}
        case Enforced.TOOL:
            tool = {"name": BALLOT, "description": ballots.TOOL, "parameters": question.schema}
            return {
                "tools": [{"type": "function", "strict": True, **tool}],
                "tool_choice": {"type": "function", "name": BALLOT},
            }
        case Enforced.NONE:
            return {}
