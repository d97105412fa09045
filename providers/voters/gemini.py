"""The wire of Google's Gemini, `generateContent`."""

from collections.abc import Mapping
from urllib.parse import quote

import orjson
from pydantic import Field

from providers.voters import ballots, prices
from providers.voters.vendors import Enforced
from providers.voters.wires import BALLOT, Ends, Question, Read, Reading


class _Call(Read):
    name: str = ""
    args: dict[str, object] = Field(default_factory=dict)


class _Part(Read):
    """A piece of the answer; *thought* marks what the model thought on its way there."""

    text: str = ""
    thought: bool = False
    functionCall: _Call | None = None  # noqa: N815 - Google's name


class _Content(Read):
    parts: list[_Part] = []


class _Candidate(Read):
    content: _Content = _Content()
    finishReason: str | None = None  # noqa: N815 - Google's name


class _Feedback(Read):
    blockReason: str | None = None  # noqa: N815 - Google's name


class _Generation(Read):
    """An answer; of a question that was blocked there are no candidates."""

    candidates: list[_Candidate] = []
    promptFeedback: _Feedback | None = None  # noqa: N815 - Google's name
    modelVersion: str | None = None  # noqa: N815 - Google's name


class Gemini:
    """`generateContent`, of the Gemini API and of Vertex."""

    title = "Gemini"
    counters = prices.GEMINI
    ends = Ends(
        complete=frozenset({"STOP"}),
        called=frozenset(),
        cut_short=frozenset({"MAX_TOKENS"}),
        filtered=frozenset(
            {"SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"}
        ),
    )

    def path(self, base_url: str, model: str) -> str:
        named = model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
        return f"{quote(named, safe='/')}:generateContent"

    def headers(self, key: str | None) -> Mapping[str, str]:
        return {"x-goog-api-key": key} if key else {}

    def request(self, question: Question) -> dict[str, object]:
        return {
            "systemInstruction": {"parts": [{"text": question.instructions}]},
            "contents": [{"role": "user", "parts": [{"text": question.brief}]}],
            **_form(question),
        }

    def read(self, raw: dict[str, object]) -> Reading:
        generation = _Generation.model_validate(raw)
        blocked = generation.promptFeedback.blockReason if generation.promptFeedback else None
        first = generation.candidates[0] if generation.candidates else _Candidate()
        parts = [part for part in first.content.parts if not part.thought]
        calls = [part.functionCall for part in parts if part.functionCall]
        is_ballot = [call.name for call in calls] == [BALLOT]
        return Reading(
            model=generation.modelVersion,
            ended=first.finishReason,
            text="".join(part.text for part in parts),
            refusal=f"the prompt was blocked ({blocked})" if blocked else None,
            arguments=orjson.dumps(calls[0].args).decode() if is_ballot else None,
        )


def _form(question: Question) -> dict[str, object]:
    match question.enforced:
        case Enforced.JSON_SCHEMA:
            asked: dict[str, object] = {"responseJsonSchema": question.schema}
            return {"generationConfig": {"responseMimeType": "application/json", **asked}}
        case Enforced.JSON_OBJECT:
            return {"generationConfig": {"responseMimeType": "application/json"}}
        case Enforced.TOOL:
            tool = {"name": BALLOT, "description": ballots.TOOL, "parametersJsonSchema": question.schema}
            forced = {"mode": "ANY", "allowedFunctionNames": [BALLOT]}
            return {
                "tools": [{"functionDeclarations": [tool]}],
                "toolConfig": {"functionCallingConfig": forced},
            }
        case Enforced.NONE:
            return {}
