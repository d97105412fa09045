"""Recorded real exchanges with providers, from the folder that THALAS_FIXTURES names."""

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from providers.voters import vendors

# What the end of a path tells about a wire.
WIRES = {
    "/chat/completions": vendors.OPENAI_CHAT,
    "/responses": vendors.OPENAI_RESPONSES,
    "/messages": vendors.ANTHROPIC_MESSAGES,
    "/messages/count_tokens": vendors.ANTHROPIC_MESSAGES,
    ":generateContent": vendors.GEMINI,
}
OTHERS = {
    "/api/chat": "Ollama's own wire; its server speaks Chat Completions too",
    "/api/generate": "Ollama's own wire; its server speaks Chat Completions too",
    "/embeddings": "no generation: an embedding",
    ":streamGenerateContent": "a stream",
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded answer of a provider.

    name    tells which
    wire    one of ours, or None
    beyond  why this is not for our wires to read; "" if it is
    """

    name: str
    folder: str
    sent: str
    status: int
    body: bytes
    wire: str | None
    beyond: str

    @property
    def raw(self) -> dict[str, object]:
        """The parsed answer."""
        parsed: dict[str, object] = orjson.loads(self.body)
        return parsed


def every_exchange() -> tuple[Exchange, ...]:
    """Return all that was recorded."""
    return _exchanges(Path(os.environ["THALAS_FIXTURES"]) / "llm")


def exchanges(wire: str | None = None) -> list[Exchange]:
    """Return every recorded answer that our wires must read, or only those of *wire*."""
    return [one for one in every_exchange() if not one.beyond and wire in (None, one.wire)]


def successes(wire: str | None = None) -> list[Exchange]:
    """Return the recorded generations."""
    return [one for one in exchanges(wire) if one.status == 200]


def chat_exchanges() -> tuple[Exchange, ...]:
    """Return every recorded answer of the Chat Completions wire that is not a stream."""
    return tuple(exchanges(vendors.OPENAI_CHAT))


def generations() -> list[tuple[Exchange, dict[str, object]]]:
    """Return the successful ones of Chat Completions, with their parsed bodies."""
    return [(one, one.raw) for one in successes(vendors.OPENAI_CHAT)]


@cache
def _exchanges(root: Path) -> tuple[Exchange, ...]:
    return tuple(_read(root))


def _read(root: Path) -> Iterator[Exchange]:
    spec = importlib.util.spec_from_file_location("load_cassettes", root / "load_cassettes.py")
    assert spec is not None
    assert spec.loader is not None
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    for file, place, _, url, sent, status, _, body in loader.interactions(root):
        path = Path(file).relative_to(root)
        where = urlsplit(url).path
        wire = next((wire for end, wire in WIRES.items() if where.endswith(end)), None)
        name = f"{path}#{place}"
        yield Exchange(name, path.parts[0], sent, status, body, wire, _beyond(where, wire, status, body))


def _beyond(path: str, wire: str | None, status: int, body: bytes) -> str:
    if wire is None:
        return next((why for end, why in OTHERS.items() if path.endswith(end)), "an unknown address")
    if body.lstrip().startswith((b"data:", b"event:", b":")):
        return "a stream"
    if path.endswith("/count_tokens") and status == 200:
        return "no generation: counts tokens"
    return ""
