"""The instructions that models are given: files, versioned, known by their hash."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "prompt_files"


@dataclass(frozen=True, slots=True)
class Prompt:
    """Instructions for a model.

    text    exactly what is sent
    sha256  of *text* in UTF-8, in hexadecimal; kept on each vote
    """

    name: str
    version: int
    text: str
    sha256: str


@cache
def load(name: str = "council") -> Prompt:
    """Return the prompt in the file *name*.md, whose first line is `version: <number>`.

    Raises:  FileNotFoundError; ValueError if the first line is something else or nothing follows it.
    """
    head, _, text = (FOLDER / f"{name}.md").read_text(encoding="utf-8").partition("\n")
    return parse(name, head, text)


def parse(name: str, head: str, text: str) -> Prompt:
    """Return the prompt of which *head* is the first line and *text* the rest.

    Raises:  ValueError if *head* is not `version: <number>` or *text* is empty.
    """
    version = re.fullmatch(r"version: (\d{1,6})", head.strip())
    if version is None or not text.strip():
        raise ValueError(f"prompt {name} needs `version: <number>` and text after it, not {head!r}")
    sent = text.strip() + "\n"
    return Prompt(name, int(version[1]), sent, hashlib.sha256(sent.encode()).hexdigest())
