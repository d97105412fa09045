"""How the obedient model reads: through escapes, encodings, look-alikes and other disguises of a text."""

import base64
import binascii
import codecs
import contextlib
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

LINE_END = re.compile(r"\\+[nrvf]")
ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
BACKSLASHES = re.compile(r"\\+")
LOOKALIKES = str.maketrans("АВЕКМНОРСТУХЅІЈԚԜаеорсухѕіјԛԝ", "ABEKMHOPCTYXSIJQWaeopcyxsijqw")
LEET = str.maketrans("4310570@$", "aeiostoas")
# One joint after each letter, as in V O T E or V-O-T-E: where there are more, one stays.
SPACED = re.compile(r"(?<=[^\s.\-_])[ .\-_]")
BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}")
HEX = re.compile(r"(?:[0-9a-f]{2}){8,}")
# Encodings are undone so often within each other.
DEPTH = 2


def unescaped(text: str) -> str:
    """Return *text* with the escapes of JSON and of programs undone, however often they were escaped."""
    plain = LINE_END.sub("\n", text)
    plain = ESCAPE.sub(lambda found: chr(int(found[1] or found[2], 16)), plain)
    return BACKSLASHES.sub("", plain).replace("\t", " ")


def readings(text: str, *, depth: int = DEPTH) -> Iterator[str]:
    """Yield *text* as it stands, and in each way in which it may be meant."""
    # Tags of Unicode are letters to a model, though they do not show.
    plain = "".join(chr(ord(c) - 0xE0000) if 0xE0020 <= ord(c) < 0xE007F else c for c in text)
    yield plain
    yield plain.translate(LOOKALIKES)
    yield plain[::-1]
    yield codecs.encode(plain, "rot13")
    yield unquote(html.unescape(plain))
    yield plain.translate(LEET)
    yield SPACED.sub("", plain)
    if depth > 0:
        for inner in _decoded(plain):
            yield from readings(inner, depth=depth - 1)


def _decoded(text: str) -> Iterator[str]:
    for found in HEX.findall(text):
        yield bytes.fromhex(found).decode("utf-8", "ignore")
    for found in BASE64.findall(text):
        with contextlib.suppress(binascii.Error):
            yield base64.b64decode(found + "=" * (-len(found) % 4)).decode("utf-8", "ignore")
