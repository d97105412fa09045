"""How answers are written: JSON by orjson, in the form that Django's own encoder gives to times and money."""

import json

import orjson
from django.http import HttpRequest
from ninja.renderers import BaseRenderer
from ninja.responses import NinjaJSONEncoder

ENCODER = NinjaJSONEncoder(separators=(",", ":"))
# Times are written to the millisecond, which only Django's encoder does.
AS_DJANGO = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_NON_STR_KEYS


def encoded(data: object) -> bytes:
    """Return *data* as JSON in one line, NaN as null."""
    try:
        return orjson.dumps(data, default=ENCODER.default, option=AS_DJANGO)
    except orjson.JSONEncodeError:
        # Numbers of more than 64 bits and halves of letters, which only the slow way can write.
        return json.dumps(data, cls=NinjaJSONEncoder, separators=(",", ":")).encode()


class JsonRenderer(BaseRenderer):
    """Writes every answer of the API."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: object, *, response_status: int) -> bytes:
        """Return the body of an answer."""
        return encoded(data)
