"""Secrets to plant, and a scanner that finds them and their halves however they have been encoded."""

import base64
import secrets
from collections.abc import Iterator, Mapping
from functools import lru_cache


def canary() -> str:
    """Return a secret that looks like none, so that no pattern of a log can catch it by its form."""
    return secrets.token_hex(32)


def found(text: str, planted: Mapping[str, str]) -> list[str]:
    """Return the names of those *planted* secrets of which at least a half can be read out of *text*."""
    return [name for name, secret in planted.items() if any(form in text for form in forms(secret))]


@lru_cache(maxsize=256)
def forms(secret: str) -> tuple[str, ...]:
    """Return what either half of *secret* looks like: plain, in base64, hexadecimal, or for an URL."""
    middle = len(secret) // 2
    return tuple(form for half in (secret[:middle], secret[middle:]) for form in _forms(half))


def _forms(half: str) -> Iterator[str]:
    raw = half.encode()
    yield half
    yield raw.hex()
    yield "".join(f"%{byte:02X}" for byte in raw)
    yield "".join(f"%{byte:02x}" for byte in raw)
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield _inner(encode(bytes(before) + raw).decode().rstrip("="), before, len(raw))


def _inner(encoded: str, before: int, length: int) -> str:
    """Cut off the letters that depend on what stands beside the secret."""
    return encoded[(0, 2, 3)[before] : len(encoded) - ((before + length) % 3 != 0)]
