"""`generateContent` as Google's servers speak it."""

from pydantic import Field, JsonValue

from providers.emulator import wires
from providers.emulator.anthropic_messages import arguments
from providers.emulator.wires import Asked, Body, End, Part, Said, Tokens

HELP = "type.googleapis.com/google.rpc.Help"
RETRY = "type.googleapis.com/google.rpc.RetryInfo"
QUOTA = "type.googleapis.com/google.rpc.QuotaFailure"
# Google's names of these and their texts; a script may say otherwise.
ERRORS: dict[int, tuple[str, str]] = {
    400: ("INVALID_ARGUMENT", "Invalid JSON payload received."),
    401: ("UNAUTHENTICATED", "Request had invalid authentication credentials."),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "The model is not found for API version v1beta."),
    429: ("RESOURCE_EXHAUSTED", "You exceeded your current quota."),
    500: ("INTERNAL", "An internal error has occurred."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
    504: ("DEADLINE_EXCEEDED", "The request timed out. Please try again."),
}
ENDS = {End.STOP: "STOP", End.TRUNCATED: "MAX_TOKENS", End.FILTERED: "SAFETY"}


class _Content(Part):
    role: str = "user"
    parts: list[dict[str, JsonValue]] = Field(min_length=1)


class _Calling(Part):
    mode: str = "AUTO"


class _ToolConfig(Part):
    functionCallingConfig: _Calling = _Calling()  # noqa: N815 - Google's name


class _Request(Part):
    contents: list[_Content] = Field(min_length=1)
    systemInstruction: _Content | None = None  # noqa: N815 - Google's name
    tools: list[dict[str, JsonValue]] = []
    toolConfig: _ToolConfig = _ToolConfig()  # noqa: N815 - Google's name


class Gemini:
    """`generateContent`."""

    def asked(self, raw: Body, model: str | None) -> Asked:
        request = _Request.model_validate(raw)
        users = [content for content in request.contents if content.role == "user"]
        message = "".join(_spoken(users[-1])) if users else ""
        mode = request.toolConfig.functionCallingConfig.mode
        declared = request.tools[0].get("functionDeclarations") if request.tools else None
        tool = None if mode == "NONE" else wires.first_name(declared)
        return Asked(model or "", message, tool, mode == "ANY", raw)

    def answer(self, asked: Asked, said: Said) -> Body:
        answer: Body = {"modelVersion": asked.model, "responseId": f"emulated{said.id}"}
        if said.end is End.REFUSED and said.ended is None:  # it refuses by not taking the question
            answer |= {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
        else:
            answer |= {"candidates": [_candidate(asked, said)]}
        return answer | ({"usageMetadata": _usage(said.tokens)} if said.tokens else {})

    def error(self, status: int, message: str | None = None, *, retry_s: float | None = None) -> Body:
        name, text = ERRORS.get(status, ("UNKNOWN", "The request failed."))
        error: Body = {"code": status, "message": message or text, "status": name}
        if status == 429:
            error["details"] = _details(retry_s)
        return {"error": error}


def _spoken(content: _Content) -> list[str]:
    return wires.spoken([*content.parts])


def _candidate(asked: Asked, said: Said) -> Body:
    ended = ENDS.get(said.end, "OTHER") if said.ended is None else said.ended
    if said.end is End.FILTERED:
        return {"finishReason": ended, "index": 0}
    part: Body = {"text": said.text}
    if asked.tool:
        call: Body = {"name": asked.tool, "args": arguments(said.text)}
        part = {"functionCall": call, "thoughtSignature": "ZW11bGF0ZWQ="}
    content: Body = {"parts": [part], "role": "model"}
    if said.end is End.TRUNCATED and asked.tool:  # nothing is left of a call that is cut off
        content = {"role": "model"}
    told: Body = {"finishMessage": "Model generated function call(s)."} if asked.tool else {}
    return {"content": content, "finishReason": ended, "index": 0, **told}


def _details(retry_s: float | None) -> list[JsonValue]:
    described: Body = {"description": "Learn more about quotas", "url": "https://ai.google.dev/"}
    violation: Body = {
        "quotaMetric": "generativelanguage.googleapis.com/generate_requests",
        "quotaId": "GenerateRequestsPerMinutePerProjectPerModel",
        "quotaDimensions": {"model": "emulated", "location": "global"},
        "quotaValue": "10",
    }
    details: list[JsonValue] = [
        {"@type": HELP, "links": [described]},
        {"@type": QUOTA, "violations": [violation]},
    ]
    return details + ([] if retry_s is None else [{"@type": RETRY, "retryDelay": f"{retry_s:g}s"}])


def _usage(tokens: Tokens) -> Body:
    cached: Body = {"cachedContentTokenCount": tokens.cached} if tokens.cached else {}
    thought: Body = {"thoughtsTokenCount": tokens.reasoning} if tokens.reasoning else {}
    return {
        "promptTokenCount": tokens.sent,
        "candidatesTokenCount": tokens.received - tokens.reasoning,
        "totalTokenCount": tokens.sent + tokens.received,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens.sent}],
        **cached,
        **thought,
        "serviceTier": "standard",
    }
