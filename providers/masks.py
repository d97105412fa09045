"""Secrets that are known, struck out of text by what they are: no pattern can tell how a key will look."""

import re
from collections.abc import Iterable

# So many letters in a row give a secret away; of shorter ones only ordinary words would be struck out.
PART = 8
SHOWN_LETTERS = 4


class Mask:
    """What strikes *secrets* out of text, and whatever part of one has eight letters or more."""

    def __init__(self, secrets: Iterable[str], *, instead: str) -> None:
        self._instead = instead
        self._parts = frozenset(
            secret[start : start + PART] for secret in secrets for start in range(len(secret) - PART + 1)
        )

    def clean(self, text: str) -> str:
        """Return *text* with something else in place of each secret in it."""
        if self._parts.isdisjoint([text[place : place + PART] for place in range(len(text) - PART + 1)]):
            return text
        kept, start, place = "", 0, 0
        while place <= len(text) - PART:
            if text[place : place + PART] not in self._parts:
                place += 1
                continue
            kept += text[start:place] + self._instead
            while text[place : place + PART] in self._parts:
                place += 1
            start = place = place + PART - 1
        return kept + text[start:]


def of_key(key: str | None) -> Mask:
    """Return what strikes a provider's *key* out of what it said."""
    return Mask([key] if key else [], instead="[key]")


def address(url: str) -> str:
    """Return *url* as it may be shown: some servers know who calls by a token in the address alone.

    Its last letters tell two of one host apart. Shown twice changes nothing more.
    """
    scheme, separator, rest = url.rpartition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0]
    end = rest[len(host) :].lstrip("/?#…")[-SHOWN_LETTERS:]
    return f"{scheme}{separator}{host.rpartition('@')[2]}" + (f"/…{end}" if end else "")
