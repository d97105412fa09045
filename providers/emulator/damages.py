"""What can become of a good answer on its way: each a thing that servers and what stands before them do."""

import gzip
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType

DEPTH = 100_000
HUGE_BYTES = 50 * 1024 * 1024
PAGE = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


class Damage(StrEnum):
    """What is done to a finished body, whose length is announced afterwards."""

    EMPTY = "empty"
    CUT = "cut"
    HTML = "html"
    STREAM = "stream"
    CUT_STREAM = "cut_stream"
    LIST = "list"
    TWICE = "twice"
    NOT_UTF8 = "not_utf8"
    NAN = "nan"
    DEEP = "deep"
    GZIP = "gzip"
    HUGE = "huge"


_DONE: Mapping[Damage, Callable[[bytes], bytes]] = MappingProxyType(
    {
        Damage.EMPTY: lambda body: b"",
        Damage.CUT: lambda body: body[: len(body) // 2],
        Damage.HTML: lambda body: PAGE,
        Damage.STREAM: lambda body: b"data: " + body + b"\n\ndata: [DONE]\n\n",
        Damage.CUT_STREAM: lambda body: b"data: " + body[: len(body) // 2],
        Damage.LIST: lambda body: b"[" + body + b"]",
        Damage.TWICE: lambda body: body + body,
        Damage.NOT_UTF8: lambda body: body[:-1] + b"\xff\xfe",
        Damage.NAN: lambda body: body[:-1] + b',"emulated":NaN}',
        Damage.DEEP: lambda body: b"[" * DEPTH + body + b"]" * DEPTH,
        Damage.GZIP: gzip.compress,
        Damage.HUGE: lambda body: body[:-1] + b" " * HUGE_BYTES + b"}",
    }
)


def done(damage: Damage | None, body: bytes) -> bytes:
    """Return *body* after *damage*; None leaves it whole."""
    return body if damage is None else _DONE[damage](body)
