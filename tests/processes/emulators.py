"""The provider emulator as tests use it: what it shall do, and what it was asked."""

import itertools
from dataclasses import dataclass
from pathlib import Path

import httpx
import orjson

Rule = dict[str, object]
# A script that reads as the one before would go on with that one's counts: no two read alike.
TAKES = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Emulator:
    """One running emulator: its script to write, its state to read."""

    port: int
    script: Path

    def obey(self, rules: dict[str, list[Rule]]) -> None:
        """Make it follow *rules*, by model, from the next request on, each from its first use."""
        draft = self.script.with_suffix(".draft")
        draft.write_bytes(orjson.dumps({**rules, f"no model, take {next(TAKES)}": []}))
        draft.replace(self.script)

    def state(self) -> dict[str, int]:
        """Return how many calls were started, finished, cut, and are in flight, since its own start."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}/_emulator/state", timeout=2.0)
        counts: dict[str, int] = orjson.loads(answer.content)
        return counts

    @property
    def in_flight(self) -> int:
        """How many calls it is answering now."""
        return self.state()["in_flight"]

    @property
    def paid(self) -> int:
        """How many calls it was asked since its start; a provider would bill each."""
        return self.state()["started"]

    def is_up(self) -> bool:
        """Say whether it answers."""
        try:
            return "started" in self.state()
        except httpx.HTTPError:
            return False
