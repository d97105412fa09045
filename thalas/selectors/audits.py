"""The audit chain read back: its newest entries, and whether anybody has tampered with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.db import connection

from thalas import models
from thalas.domain import chains
from thalas.domain.chains import Anchor, Broken, Link

PAGE = 5000
# Times and details as text: two thirds of a verification would go to reading them the usual way.
TEXTS = {
    "postgresql": (
        """replace(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '')""",
        "details::text",
    ),
    "sqlite": ("replace(at, ' ', 'T')", "details"),
}
ROWS = {
    vendor: f"""
        SELECT seq, {at} || '+00:00', actor, action, target, {details}, prev_sha256, sha256
        FROM thalas_auditentry WHERE seq > %(after)s ORDER BY seq LIMIT %(most)s
    """  # noqa: S608 - our own words
    for vendor, (at, details) in TEXTS.items()
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found: nothing, or *broken*, first what the chain says of itself.

    rows     entries read
    anchors  lines of the file outside the database that were compared with them
    """

    rows: int
    anchors: int
    broken: tuple[Broken, ...]


def anchors_file() -> Path:
    """Return the file outside the database in which the chain's ends are kept."""
    return Path(settings.HOME) / "audit-anchors" / "anchors.txt"


def entries(*, before: int | None = None, limit: int = 50) -> list[models.AuditEntry]:
    """Return the newest *limit* entries, those below *before* if it is given."""
    rows = models.AuditEntry.objects.order_by("-seq")
    return list((rows if before is None else rows.filter(seq__lt=before))[:limit])


def head() -> tuple[int, str] | None:
    """Return the seq and the hash of the chain's end as its head has them, or None if there is no head."""
    return models.AuditHead.objects.values_list("seq", "sha256").first()


def verify() -> Report:
    """Read the whole chain and compare it with its head and its anchors; rows may be appended meanwhile."""
    anchors, broken = anchored()
    first = head()
    marks = {anchor.seq for anchor in anchors} | ({first[0]} if first else set())
    seen = _Seen(marks)
    walk = chains.Walk()
    broken += walk.over(seen.links())
    broken += [
        Broken(
            anchor.seq, f"is not what was anchored outside the database at {anchor.at:%Y-%m-%d %H:%M:%S} UTC"
        )
        for anchor in anchors
        if seen.hashes.get(anchor.seq) != anchor.sha256
    ]
    broken += _beside_the_head(first, head(), walk, seen)
    return Report(seen.rows, len(anchors), tuple(broken))


class _Seen:
    """The rows that went by: how many, and the hashes of those in *marks*."""

    def __init__(self, marks: set[int]) -> None:
        self._marks = marks
        self.rows = 0
        self.hashes = {0: chains.GENESIS}

    def links(self) -> Iterator[tuple[Link, str]]:
        after = -1
        # Page by page: a statement over the whole chain could outlive the database's limit on one.
        while page := _page(after):
            # One link at a time: a list of them would have Python look for garbage half of the time.
            for seq, at, actor, action, target, text, prev, sha256 in page:
                if seq in self._marks:
                    self.hashes[seq] = sha256
                yield Link(seq, at, actor, action, target, _read(text), prev), sha256
            self.rows += len(page)
            after = page[-1][0]


def _page(after: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(ROWS[connection.vendor], {"after": after, "most": PAGE})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _read(text: str) -> object:
    try:
        return orjson.loads(text)
    except ValueError:
        return _Unreadable()  # which has no hash, so that the entry is found changed


class _Unreadable:
    """Stands for details that are no JSON."""


def anchored() -> tuple[list[Anchor], list[Broken]]:
    """Return the anchors kept outside the database, and what cannot be read of them."""
    try:
        lines = anchors_file().read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return [], []
    read = [(number, chains.anchor(line)) for number, line in enumerate(lines, start=1) if line.strip()]
    broken = [
        Broken(0, f"line {number} of {anchors_file()} is no anchor")
        for number, anchor in read
        if anchor is None
    ]
    return [anchor for _, anchor in read if anchor is not None], broken


def _beside_the_head(
    first: tuple[int, str] | None, last: tuple[int, str] | None, walk: chains.Walk, seen: _Seen
) -> list[Broken]:
    """Compare the rows with the head as it was before and after they were read."""
    if first is None or last is None:
        return (
            [Broken(walk.seq, "is the last entry, and the head of the chain is missing")] if walk.seq else []
        )
    if walk.seq < first[0]:
        return [Broken(first[0], f"ends the chain according to its head, but the last entry is {walk.seq}")]
    if walk.seq > last[0]:
        return [Broken(walk.seq, f"is the last entry, but the chain ends at {last[0]} according to its head")]
    ends = [(first, seen.hashes.get(first[0]))] + ([(last, walk.sha256)] if last[0] == walk.seq else [])
    wrong = {end[0] for end, found in ends if end[1] != found}
    return [Broken(seq, "has another hash than the head of the chain") for seq in sorted(wrong)]
