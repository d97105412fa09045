"""What the emulator was asked, as it happens: JSON lines, and counts."""

from collections import Counter
from collections.abc import Iterable
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
    """Counts calls; if given a file, also writes each event there at once.

    heard  a file for every question as it came, word for word; with it nobody can say what was not sent
    """

    def __init__(self, path: Path | None, heard: Path | None = None) -> None:
        self._file = path.open("ab", buffering=0) if path else None
        self._heard = heard.open("ab", buffering=0) if heard else None
        self._counts: Counter[str] = Counter()

    def hear(self, path: str, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> None:
        """Keep a question that came at *path*, if there is a file for them."""
        if self._heard:
            told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
            line = {"path": path, "headers": told, "body": body.decode("utf-8", "replace")}
            self._heard.write(orjson.dumps(line) + b"\n")

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
        """Close the files."""
        for file in filter(None, (self._file, self._heard)):
            file.close()

    def _note(self, event: str, call: Call) -> None:
        self._counts[event] += 1
        if self._file:
            line = {"event": event, "id": call.id, "model": call.model, "at": datetime.now(UTC)}
            self._file.write(orjson.dumps(line | ({"run": call.run} if call.run else {})) + b"\n")
