"""Bodies that are read: JSON that every part of the house can keep."""

import json
from typing import Any

import orjson
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja.parser import Parser

from thalas.api.errors import BodyNotJson, BodyUnreadable
from thalas.errors import BadInput


class JsonParser(Parser):
    """Strict JSON: no NaN, no broken text, nothing nested beyond sense."""

    def parse_body(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the body says.

        Raises:  BodyNotJson; BodyUnreadable with the position.
        """
        kind = (request.content_type or "").lower()
        if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise BodyNotJson(kind)
        try:
            read = orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise BodyUnreadable(_position(error)) from error
        if b"\\u0000" in request.body:
            raise BodyUnreadable("a text holds the character NUL, which no database keeps")
        return read  # type: ignore[no-any-return]

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """Return the query's fields.

        Raises:  BadInput if one holds what no database keeps.
        """
        for name, values in data.lists():
            if any("\x00" in value for value in values):
                raise BadInput(name, "…", "leave out the character NUL")
        return super().parse_querydict(data, list_fields, request)


def _position(error: json.JSONDecodeError) -> str:
    return f"{error.msg} at line {error.lineno}, column {error.colno}"
