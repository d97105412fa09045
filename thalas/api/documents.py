"""What the OpenAPI document says of every operation alike: how to get in, and how errors look."""

import json
from typing import Any

from ninja.openapi.schema import OpenAPISchema

from thalas.api import problems
from thalas.api.bounds import MAX_BYTES
from thalas.api.errors import BodyNotJson, BodyTooLarge, KeyRefused, LimitReached, ScopeMissing
from thalas.api.replies import MEDIA_TYPE
from thalas.errors import BadInput, NotFound, NotPossible

DESCRIPTION = (
    "Ask the council, watch it think, and run the house. Every error is an RFC 9457 problem, "
    "with `error` (short) and `details` (by field) beside."
)
SCHEMES = {
    "Bearer": {"type": "http", "scheme": "bearer", "description": "prefix.secret, as `api_key create` shows"},
    "Header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "error", "details"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "error": {"type": "string", "description": "short text"},
        "details": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
ALWAYS = {
    "400": "A field cannot be used; `details` names it",
    "404": "There is nothing by that name",
    "405": "This path has other methods; `Allow` names them",
    "409": "The state of things does not allow it",
    "500": "Something broke here",
    "503": "The database, or what else is needed, is away",
}
BEHIND_A_KEY = {
    "401": "There is no key, or none that is good",
    "403": "The key lacks the scope",
    "429": "A limit of the key is reached",
}
WITH_A_BODY = {
    "413": "The body is larger than 1 MB",
    "415": "The body is not JSON",
}
HEADERS = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string"}}},
    "405": {"Allow": {"schema": {"type": "string"}}},
    "429": {"Retry-After": {"schema": {"type": "integer", "minimum": 1}}},
}
SHARED = {**ALWAYS, **BEHIND_A_KEY, **WITH_A_BODY}
RUN = "run 0198c0de-0000-7000-8000-000000000000"
# One of each status, answered as any other: an example cannot say what no client is told.
EXAMPLES: dict[str, Exception] = {
    "400": BadInput("timeframe", "7m", "give one of 1m, 5m, 15m, 30m, 1h, 4h, 1d"),
    "401": KeyRefused(),
    "403": ScopeMissing("runs:write"),
    "404": NotFound(f"there is no {RUN}"),
    "409": NotPossible(f"{RUN} is closed already"),
    "413": BodyTooLarge(MAX_BYTES),
    "415": BodyNotJson("text/plain"),
    "429": LimitReached(limit="60 requests per minute", retry_after_s=12),
}


def completed(document: OpenAPISchema) -> OpenAPISchema:
    """Return *document* with the keys and the errors of every operation in it."""
    components = document["components"]
    components["schemas"]["Problem"] = PROBLEM
    components["responses"] = {f"Problem{status}": _response(status) for status in SHARED}
    components["securitySchemes"] = SCHEMES
    if not document["servers"]:
        del document["servers"]
    for path in document["paths"].values():
        for operation in path.values():
            _complete(operation)
    return document


def _complete(operation: dict[str, Any]) -> None:
    scope = operation["x-scope"]
    wanted = {
        **ALWAYS,
        **(BEHIND_A_KEY if scope else {}),
        **(WITH_A_BODY if "requestBody" in operation else {}),
    }
    told = {str(status): response for status, response in operation["responses"].items()}
    for status in wanted:
        told.setdefault(status, {"$ref": f"#/components/responses/Problem{status}"})
    operation["responses"] = told
    if scope:
        operation["security"] = [{"Bearer": []}, {"Header": []}]
        said = operation.get("description", "")
        operation["description"] = f"{said}\n\nScope: `{scope}`".strip()
    else:
        operation["security"] = []


def _response(status: str) -> dict[str, Any]:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": _example(status)}
    content = {MEDIA_TYPE: problem}
    response: dict[str, Any] = {"description": SHARED[status], "content": content}
    if status in HEADERS:
        response["headers"] = HEADERS[status]
    return response


def _example(status: str) -> object:
    """Return the body of an answer with *status*."""
    by_the_house = {"405": problems.other_method, "500": problems.broken, "503": problems.away}
    error = EXAMPLES.get(status)
    answer = by_the_house[status]() if error is None else problems.answer(error)
    return json.loads(answer.content)
