"""The instructions that models are given: files, versioned, known by their hash.

All models get the same ones; a voter may have a persona besides, which comes after them.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "prompt_files"
PERSONAS = Path(__file__).parent / "personas"
# A persona is paid for with every call; a wrong path may lead to a file of any size.
MOST_PERSONA_BYTES = 8_000
PART = """
Your part in this council is {name}: what follows says what you look for and how you weigh it. The rules above
stay as they are.

{text}"""


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


def personas() -> tuple[str, ...]:
    """Return the names of the personas that come with the house, sorted."""
    return tuple(sorted(file.stem for file in PERSONAS.glob("*.md")))


def read_persona(file: Path) -> Prompt:
    """Return the persona in *file*, which is called what the file is.

    Raises:  OSError; ValueError if it is too long, not UTF-8 or without its version.
    """
    with file.open("rb") as opened:
        raw = opened.read(MOST_PERSONA_BYTES + 1)
    if len(raw) > MOST_PERSONA_BYTES:
        raise ValueError(f"a persona has at most {MOST_PERSONA_BYTES:,} bytes")
    try:
        head, _, text = raw.decode("utf-8").partition("\n")
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
    return parse(file.stem, head, text)


@cache
def with_persona(prompt: Prompt, persona: Prompt | None) -> Prompt:
    """Return *prompt* followed by *persona*: one text, whose hash tells any two of them apart."""
    if persona is None:
        return prompt
    return _prompt(
        f"{prompt.name}, {persona.name}",
        max(prompt.version, persona.version),
        prompt.text + PART.format(name=persona.name, text=persona.text),
    )


def parse(name: str, head: str, text: str) -> Prompt:
    """Return the prompt of which *head* is the first line and *text* the rest.

    Raises:  ValueError if *head* is not `version: <number>` or *text* is empty.
    """
    version = re.fullmatch(r"version: (\d{1,6})", head.strip())
    if version is None or not text.strip():
        # What is there instead is not shown: a wrong path may have led to a secret.
        raise ValueError(f"{name} needs `version: <number>` in its first line and text after it")
    return _prompt(name, int(version[1]), text)


def _prompt(name: str, version: int, text: str) -> Prompt:
    sent = text.strip() + "\n"
    return Prompt(name, version, sent, hashlib.sha256(sent.encode()).hexdigest())
