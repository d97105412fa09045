"""What the emulator wrote down: each call with its beginning and its end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Call:
    """One call that a provider would bill; *ended_at* is None for one that never ended."""

    started_at: datetime
    ended_at: datetime | None = None
    is_cut: bool = False


def read(journal: Path) -> list[Call]:
    """Return every call in *journal*."""
    found: dict[str, Call] = {}
    for line in journal.read_bytes().splitlines():
        event = orjson.loads(line)
        at = datetime.fromisoformat(event["at"])
        if event["event"] == "started":
            found[event["id"]] = Call(at)
        else:
            found[event["id"]] = Call(found[event["id"]].started_at, at, event["event"] == "cut")
    return list(found.values())


def in_flight_at(calls: Iterable[Call], moments: Sequence[datetime]) -> int:
    """Return how many *calls* were under way at one of *moments* or more; each is counted once."""
    return sum(any(_is_under_way(call, moment) for moment in moments) for call in calls)


def _is_under_way(call: Call, moment: datetime) -> bool:
    return call.started_at <= moment and (call.ended_at is None or call.ended_at >= moment)
