"""A Dockerfile read line by line, as far as ours goes."""

import json
import shlex
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

KNOWN = {"FROM", "RUN", "COPY", "ENV", "WORKDIR", "USER", "EXPOSE", "CMD"}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line: what to do, and with what."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """What follows, in words; a JSON list is taken as one."""
        if self.rest.startswith("["):
            words: list[str] = json.loads(self.rest)
            return words
        return shlex.split(self.rest)


@dataclass(frozen=True, slots=True)
class Image:
    """A stage of the build."""

    base: str
    instructions: tuple[Instruction, ...]

    def all(self, name: str) -> list[list[str]]:
        """Return the words of every instruction *name*, in order."""
        return [item.words for item in self.instructions if item.name == name]

    @property
    def env(self) -> dict[str, str]:
        """The variables that processes find set."""
        pairs = [word.partition("=")[::2] for words in self.all("ENV") for word in words]
        return dict(pairs)

    @property
    def sources(self) -> list[str]:
        """The paths of the repository that are copied into it."""
        return [
            word for words in self.all("COPY") if not words[0].startswith("--from=") for word in words[:-1]
        ]


def read(text: str) -> list[Image]:
    """Return the stages, the last of which becomes the image.

    Raises:  ValueError for an instruction that our file has no need of.
    """
    stages: list[tuple[str, list[Instruction]]] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        if name not in KNOWN or line.endswith("\\"):
            raise ValueError(f"{line!r} is not one of {', '.join(sorted(KNOWN))} on a line of its own")
        if name == "FROM":
            stages.append((rest.split(" ")[0], []))
        else:
            stages[-1][1].append(Instruction(name, rest))
    return [Image(base, tuple(instructions)) for base, instructions in stages]


def is_ignored(path: str, dockerignore: str) -> bool:
    """Say whether *path* is kept from the build; as in Docker the last line that fits decides."""
    ignored = False
    for line in dockerignore.splitlines():
        pattern = line.removeprefix("!")
        if pattern and not pattern.startswith("#") and _fits(path, pattern):
            ignored = not line.startswith("!")
    return ignored


def _fits(path: str, pattern: str) -> bool:
    if pattern.startswith("**/"):
        return any(fnmatch(part, pattern[3:]) for part in PurePosixPath(path).parts)
    # A folder that fits takes along everything in it.
    parts = PurePosixPath(path).parts
    return any(fnmatch("/".join(parts[:n]), pattern) for n in range(1, len(parts) + 1))
