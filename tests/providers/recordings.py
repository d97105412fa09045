"""Recorded real exchanges with providers, from the folder that THALAS_FIXTURES names."""

import importlib.util
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Exchange:
    """One recorded answer of a provider; *name* tells which."""

    name: str
    folder: str
    status: int
    body: bytes


def chat_exchanges() -> tuple[Exchange, ...]:
    """Return every recorded answer of the Chat Completions wire that is not a stream."""
    return _exchanges(Path(os.environ["THALAS_FIXTURES"]) / "llm")


@cache
def _exchanges(root: Path) -> tuple[Exchange, ...]:
    return tuple(_read(root))


def _read(root: Path) -> Iterator[Exchange]:
    spec = importlib.util.spec_from_file_location("load_cassettes", root / "load_cassettes.py")
    assert spec is not None
    assert spec.loader is not None
    loader = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loader)
    for file, place, _, url, _, status, _, body in loader.interactions(root):
        if "/chat/completions" in url and not body.lstrip().startswith((b"data:", b":")):
            path = Path(file).relative_to(root)
            yield Exchange(f"{path}#{place}", path.parts[0], status, body)


def generations() -> list[tuple[Exchange, dict[str, object]]]:
    """Return the successful ones, with their parsed bodies."""
    return [(one, orjson.loads(one.body)) for one in chat_exchanges() if one.status == 200]
