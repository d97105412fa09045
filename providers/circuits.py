"""A circuit per provider: closed while it is well, open while it is ill, then one call tries whether it is.

It opens when so many of the last calls failed, for a time that doubles with each failed trial, up to a
bound. Then it is half open: exactly one call, a probe, is let through; its success closes the circuit.
"""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What a call says of its provider's health; even an answer that nobody can use shows that it is up."""

    WELL = "well"
    ILL = "ill"
    UNUSED = "unused"  # let through and never made: it says nothing


class State(StrEnum):
    """How a circuit stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Change(StrEnum):
    """What an outcome did to a circuit."""

    NONE = ""
    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Rules:
    """When circuits open, and for how long; all times in seconds.

    ills        so many of the last *outcomes* have to be ill; those older than *within_s* are forgotten
    cooling_s   for how long a circuit opens at first; doubled each time, up to *longest_s*
    longest_s   also how long a provider may shut its own door by `retry-after`, and how long a circuit has
                to stay closed before its next opening counts as a first one
    """

    ills: int = 5
    outcomes: int = 10
    within_s: float = 60.0
    cooling_s: float = 5.0
    longest_s: float = 120.0

    def cooling_for_s(self, openings: int) -> float:
        """Return how long a circuit that opens for the *openings*-th time in a row stays open."""
        return min(self.longest_s, self.cooling_s * 2.0 ** min(openings - 1, 30))


@dataclass(frozen=True, slots=True)
class Standing:
    """How a provider stands: nobody is let through for *wait_s*; *ills* of its last calls failed.

    openings  how often in a row its circuit has opened
    shut_s    for how long the provider itself asked to be left alone
    """

    state: State
    wait_s: float = 0.0
    openings: int = 0
    ills: int = 0
    shut_s: float = 0.0


@dataclass(slots=True)
class Circuit:
    """One provider's circuit; whoever calls holds a lock and says what time it is.

    generation  counts openings and closings: what was let through before the last one is no longer heard
    probe       who tries now, until *probe_until*; should that one die, another may
    """

    rules: Rules
    generation: int = 0
    openings: int = 0
    open_until: float | None = None
    closed_at: float | None = None
    probe: str | None = None
    probe_until: float = 0.0
    last: deque[tuple[float, Outcome]] = field(default_factory=deque)

    def state(self, now: float) -> State:
        """Return how it stands."""
        if self.open_until is None:
            return State.CLOSED
        return State.OPEN if now < self.open_until else State.HALF_OPEN

    def wait_s(self, now: float) -> float:
        """Return for how long nobody is let through: 0 if it is closed or waits for a probe."""
        if self.open_until is None:
            return 0.0
        return max(0.0, self.open_until - now, self.probe_until - now)

    def begin_probe(self, ticket: str, *, until: float) -> bool:
        """Let *ticket* try until then if the circuit is not closed; say whether it is a probe."""
        if self.open_until is None:
            return False
        self.probe, self.probe_until = ticket, until
        return True

    @property
    def ills(self) -> int:
        """How many of the last calls found the provider ill."""
        return sum(outcome is Outcome.ILL for _, outcome in self.last)

    def hear(self, outcome: Outcome, *, now: float) -> Change:
        """Take in what became of a call that was let through while it was closed."""
        if self.open_until is not None or outcome is Outcome.UNUSED:
            return Change.NONE
        self.last.appendleft((now, outcome))
        while len(self.last) > self.rules.outcomes or now - self.last[-1][0] >= self.rules.within_s:
            self.last.pop()
        if self.ills >= self.rules.ills:
            return self.open(now)
        if not self.ills:
            self.last.clear()
        return Change.NONE

    def hear_probe(self, outcome: Outcome, *, ticket: str, now: float) -> Change:
        """Take in what became of the probe *ticket*."""
        if ticket != self.probe:
            return Change.NONE
        self.probe, self.probe_until = None, 0.0
        if outcome is Outcome.UNUSED:
            return Change.NONE
        return self.close(now) if outcome is Outcome.WELL else self.open(now)

    def open(self, now: float) -> Change:
        """Let nobody through, for longer each time."""
        if self.closed_at is not None and now - self.closed_at >= self.rules.longest_s:
            self.openings = 0
        self.openings += 1
        self.open_until = now + self.rules.cooling_for_s(self.openings)
        self._turn()
        self.closed_at = None
        return Change.OPENED

    def close(self, now: float) -> Change:
        """Let everybody through."""
        self.open_until, self.closed_at = None, now
        self._turn()
        return Change.CLOSED

    def _turn(self) -> None:
        self.generation += 1
        self.probe, self.probe_until = None, 0.0
        self.last.clear()
