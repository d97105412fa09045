"""The form of an error: RFC 9457 problem+json, with the keys `error` and `details` beside."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from thalas.api import headers
from thalas.api.errors import Refused

MEDIA_TYPE = "application/problem+json"


def written(status: int, detail: str, *, error: str = "", details: Mapping[str, str] | None = None) -> bytes:
    """Return the body of a problem."""
    title = HTTPStatus(status).phrase
    told = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "error": error or title,
        "details": dict(details or {}),
    }
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace")


def raw(refused: Refused) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return a refusal as ASGI sends it, for what never gets as far as Django."""
    body = written(refused.status, str(refused), error=refused.error, details=refused.details)
    sent = {**headers.ALWAYS, **refused.headers, "Content-Type": MEDIA_TYPE, "Content-Length": str(len(body))}
    sent["Connection"] = "close"
    return refused.status, [(name.lower().encode(), value.encode()) for name, value in sent.items()], body
