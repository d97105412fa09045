"""Secrets to plant, and a scanner that finds any part of them however it has been encoded."""

import base64
import html
import json
import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote

# So much of a secret in a row is a leak. By so much of a disguise's beginning it is looked up.
PART, HEAD = 12, 8


def canary() -> str:
    """Return a secret that looks like none, so that no pattern of a log can catch it by its form."""
    return secrets.token_hex(32)


def found(text: str, planted: Mapping[str, str]) -> list[str]:
    """Return the names of those *planted* secrets of which a part can be read out of *text*."""
    heads = _heads(frozenset(planted.values()))
    seen = {secret for line in set(text.splitlines()) for secret in _within(line, heads)}
    return [name for name, secret in planted.items() if secret in seen]


def _within(line: str, heads: Mapping[str, list[tuple[str, str]]]) -> Iterator[str]:
    for place in range(len(line) - HEAD + 1):
        for form, secret in heads.get(line[place : place + HEAD], ()):
            if line.startswith(form, place):
                yield secret


@lru_cache(maxsize=64)
def _heads(planted: frozenset[str]) -> Mapping[str, list[tuple[str, str]]]:
    """Return each disguise of each part of each secret, by how it begins."""
    heads = defaultdict(list)
    for secret in planted:
        for form in forms(secret):
            heads[form[:HEAD]].append((form, secret))
    return dict(heads)


def forms(secret: str) -> set[str]:
    """Return what each part of *secret* looks like: plain, backwards, encoded or escaped."""
    parts = (secret[start : start + PART] for start in range(0, len(secret) - PART + 1, PART))
    return {form for part in parts for form in _forms(part)}


def _forms(part: str) -> Iterator[str]:
    raw = part.encode()
    yield from (part, part[::-1], quote(part, safe=""), html.escape(part))
    written = json.dumps(part)[1:-1]
    yield from (written, written.replace("/", "\\/"), json.dumps(written)[1:-1])
    for way in ("{:02x}", "%{:02x}", "\\x{:02x}", "\\u{:04x}"):
        plain = "".join(way.format(byte) for byte in raw)
        yield from (plain, "".join(way.replace("x}", "X}").format(byte) for byte in raw))
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield _inner(encode(bytes(before) + raw).decode().rstrip("="), before, len(raw))


def _inner(encoded: str, before: int, length: int) -> str:
    """Cut off the letters that depend on what stands beside the secret."""
    return encoded[(0, 2, 3)[before] : len(encoded) - ((before + length) % 3 != 0)]
