"""The audit chain's arithmetic: the hash of a link, and what breaks a sequence of them."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import orjson

# What the first entry follows.
GENESIS = "0" * 64
# The action of the entry that is made where the head of the chain was found missing.
HEAD_RESTORED = "audit.head_restored"


class Link(NamedTuple):
    """The fields of an entry that its hash covers, in its order; a tuple, as a chain may have millions.

    at  as `moment` writes it: reading it back and writing it again would take a third of a verification
    """

    seq: int
    at: str
    actor: str
    action: str
    target: str
    details: object
    prev_sha256: str


@dataclass(frozen=True, slots=True)
class Broken:
    """What is wrong at entry *seq*, in words."""

    seq: int
    told: str


def digest(link: Link) -> str:
    """Return the SHA-256 of *link*, as 64 hexadecimal digits."""
    return hashlib.sha256(orjson.dumps(list(link), option=orjson.OPT_SORT_KEYS)).hexdigest()


def moment(at: datetime) -> str:
    """Return *at* as a link holds it."""
    return at.astimezone(UTC).isoformat()


class Walk:
    """Walks along a chain from its first entry; `seq` and `sha256` are those of the last one seen."""

    def __init__(self) -> None:
        self.seq = 0
        self.sha256 = GENESIS

    def over(self, links: Iterable[tuple[Link, str]]) -> Iterator[Broken]:
        """Take each link with its stored hash, in the order of seq; yield what does not fit."""
        for link, stored in links:
            if link.seq > self.seq + 1:
                yield Broken(link.seq, f"comes after a gap: {self.seq + 1} to {link.seq - 1} are missing")
            elif link.seq <= self.seq or link.prev_sha256 != self.sha256:
                yield Broken(link.seq, "does not follow the entry before it")
            if link.action == HEAD_RESTORED:
                yield Broken(link.seq, "was made because somebody had deleted the head of the chain")
            if _digest_of(link) != stored:
                yield Broken(link.seq, "has been changed: its hash is not that of its fields")
            self.seq, self.sha256 = link.seq, stored


def _digest_of(link: Link) -> str | None:
    try:
        return digest(link)
    except (TypeError, ValueError):
        return None  # no field that `append` has ever written


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the chain ended at a moment, kept outside the database that it is about."""

    at: datetime
    seq: int
    sha256: str

    def line(self) -> str:
        """Return the anchor as a line of its file."""
        return f"{self.at.astimezone(UTC).isoformat()} {self.seq} {self.sha256}\n"


def anchor(line: str) -> Anchor | None:
    """Return the anchor that *line* tells of, or None where it tells of none."""
    try:
        at, seq, sha256 = line.split()
        return Anchor(datetime.fromisoformat(at), int(seq), sha256) if len(sha256) == len(GENESIS) else None
    except ValueError:
        return None
