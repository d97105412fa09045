"""What the OpenAPI document says of every operation alike: how to get in, and how errors look."""

from typing import Any

from ninja.openapi.schema import OpenAPISchema

from thalas.api.replies import MEDIA_TYPE

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
    "example": {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "timeframe='7m' cannot be used: give one of 1m, 5m, 15m, 30m, 1h, 4h, 1d",
        "error": "Bad input",
        "details": {"timeframe": "give one of 1m, 5m, 15m, 30m, 1h, 4h, 1d"},
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
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    response: dict[str, Any] = {"description": SHARED[status], "content": content}
    if status in HEADERS:
        response["headers"] = HEADERS[status]
    return response
