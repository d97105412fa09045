"""What the emulator was asked, as it happens: JSON lines, and counts."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson


@dataclass(frozen=True, slots=True)
class Call:
    """One request; *run* is what the caller's `x-run-id` header says, or None."""

    id: str
    model: str
    run: str | None


class Journal:
    """Counts calls; if given a file, also writes each event there at once."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("ab", buffering=0) if path else None
        self._counts: Counter[str] = Counter()

    def start(self, model: str, run: str | None) -> Call:
        """Note that a request has arrived, and return it."""
        call = Call(id=f"{self._counts['started'] + 1:08d}", model=model, run=run)
        self._note("started", call)
        return call

    def finish(self, call: Call) -> None:
        """Note that *call* is answered."""
        self._note("finished", call)

    def cut(self, call: Call) -> None:
        """Note that *call* ends without its whole answer: the caller left, or the script broke it off."""
        self._note("cut", call)

    def state(self) -> dict[str, int]:
        """Return how many calls there were, by event, and how many are in flight."""
        started, finished, cut = (self._counts[event] for event in ("started", "finished", "cut"))
        return {"started": started, "finished": finished, "cut": cut, "in_flight": started - finished - cut}

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()

    def _note(self, event: str, call: Call) -> None:
        self._counts[event] += 1
        if self._file:
            line = {"event": event, "id": call.id, "model": call.model, "at": datetime.now(UTC)}
            self._file.write(orjson.dumps(line | ({"run": call.run} if call.run else {})) + b"\n")
