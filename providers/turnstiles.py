"""What every call to a provider passes first: its circuit and its windows, here for one process alone."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from providers.circuits import Change, Circuit, Outcome, Rules, Standing
from providers.windows import Minute, Windows

FREE = Windows()


class Reason(StrEnum):
    """Why a call is not let through."""

    OPEN = "open"
    SHUT = "shut"  # the provider asked for it
    REQUESTS = "requests"
    TOKENS = "tokens"
    NEVER = "never"  # the call alone is larger than the window


@dataclass(frozen=True, slots=True)
class Ticket:
    """Leave to make one call.

    is_watched  the provider has failed lately, so its successes are told, too
    tokens      counted in the window for this call; None if none are counted
    """

    provider: str
    id: str
    generation: int = 0
    is_probe: bool = False
    is_watched: bool = False
    tokens: int | None = None

    def needs_telling(self, outcome: Outcome, retry_after_s: float | None) -> bool:
        """Say whether it matters to anybody what became of the call."""
        if outcome is Outcome.UNUSED:
            return self.is_probe or self.tokens is not None
        return outcome is Outcome.ILL or self.is_probe or self.is_watched or retry_after_s is not None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is not let through, and for how long that holds."""

    provider: str
    reason: Reason
    wait_s: float


class Turnstile(Protocol):
    """Lets calls through, and hears what became of them."""

    def enter(
        self, provider: str, *, windows: Windows = FREE, tokens: int = 0, lease_s: float = 30.0
    ) -> Ticket | Refusal:
        """Let a call through that may take up to *tokens*, or say why not; a probe has *lease_s* seconds."""
        ...

    def tell(self, ticket: Ticket, outcome: Outcome, *, retry_after_s: float | None = None) -> Change:
        """Take in what became of a call."""
        ...

    def correct(self, ticket: Ticket, *, tokens: int) -> None:
        """Count the tokens that a call really took."""
        ...

    def look(self, provider: str) -> Standing:
        """Say how *provider* stands."""
        ...

    def reset(self, provider: str) -> None:
        """Forget everything of *provider*."""
        ...


@dataclass(slots=True)
class _Known:
    circuit: Circuit
    minute: Minute
    shut_until: float = 0.0


class LocalTurnstile:
    """The turnstile of this process alone."""

    def __init__(self, rules: Rules | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules or Rules()
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def enter(
        self, provider: str, *, windows: Windows = FREE, tokens: int = 0, lease_s: float = 30.0
    ) -> Ticket | Refusal:
        """Let a call through, or say why not."""
        with self._lock:
            now, known = self._clock(), self._of(provider)
            refusal = _refusal(provider, known, windows, tokens, now)
            if refusal is not None:
                return refusal
            ticket = new_id()
            if windows.is_limited:
                known.minute.note(ticket, tokens=tokens, now=now)
            return Ticket(
                provider,
                ticket,
                generation=known.circuit.generation,
                is_probe=known.circuit.begin_probe(ticket, until=now + lease_s),
                is_watched=bool(known.circuit.last),
                tokens=tokens if windows.is_limited else None,
            )

    def tell(self, ticket: Ticket, outcome: Outcome, *, retry_after_s: float | None = None) -> Change:
        """Take in what became of a call."""
        with self._lock:
            now, known = self._clock(), self._of(ticket.provider)
            if outcome is Outcome.UNUSED:
                known.minute.correct(ticket.id, tokens=None)
            self._shut(known, retry_after_s, now)
            if ticket.is_probe:
                return known.circuit.hear_probe(outcome, ticket=ticket.id, now=now)
            if ticket.generation != known.circuit.generation:
                return Change.NONE
            return known.circuit.hear(outcome, now=now)

    def correct(self, ticket: Ticket, *, tokens: int) -> None:
        """Count the tokens that a call really took."""
        with self._lock:
            self._of(ticket.provider).minute.correct(ticket.id, tokens=tokens)

    def look(self, provider: str) -> Standing:
        """Say how *provider* stands."""
        with self._lock:
            now, known = self._clock(), self._of(provider)
            circuit = known.circuit
            return Standing(
                circuit.state(now),
                wait_s=circuit.wait_s(now),
                openings=circuit.openings,
                ills=circuit.ills,
                shut_s=max(0.0, known.shut_until - now),
            )

    def reset(self, provider: str) -> None:
        """Forget everything of *provider*."""
        with self._lock:
            self._known.pop(provider, None)

    def mirror(self, answer: Ticket | Refusal) -> None:
        """Take over what the shared turnstile said, so that nobody starts afresh if that goes away."""
        with self._lock:
            now, known = self._clock(), self._of(answer.provider)
            circuit = known.circuit
            if isinstance(answer, Refusal):
                if answer.reason is Reason.OPEN:
                    circuit.open_until = now + answer.wait_s
                elif answer.reason is Reason.SHUT:
                    known.shut_until = now + answer.wait_s
                return
            if circuit.open_until is not None and not answer.is_probe:
                circuit.close(now)
            if answer.tokens is not None:
                known.minute.note(answer.id, tokens=answer.tokens, now=now)

    def overhear(self, ticket: Ticket, outcome: Outcome, *, retry_after_s: float | None) -> None:
        """Take in what became of a call that the shared turnstile let through."""
        with self._lock:
            now, known = self._clock(), self._of(ticket.provider)
            if outcome is Outcome.UNUSED:
                known.minute.correct(ticket.id, tokens=None)
            self._shut(known, retry_after_s, now)
            known.circuit.hear(outcome, now=now)

    def _of(self, provider: str) -> _Known:
        return self._known.setdefault(provider, _Known(Circuit(self._rules), Minute()))

    def _shut(self, known: _Known, retry_after_s: float | None, now: float) -> None:
        if retry_after_s is not None:
            bounded_s = min(retry_after_s, self._rules.longest_s)
            known.shut_until = max(known.shut_until, now + bounded_s)


def new_id() -> str:
    """Return what no other ticket is called."""
    return uuid.uuid4().hex


def _refusal(provider: str, known: _Known, windows: Windows, tokens: int, now: float) -> Refusal | None:
    wait_s = known.circuit.wait_s(now)
    if wait_s > 0:
        return Refusal(provider, Reason.OPEN, wait_s)
    if known.shut_until > now:
        return Refusal(provider, Reason.SHUT, known.shut_until - now)
    full = known.minute.wait(windows, tokens=tokens, now=now)
    return None if full is None else Refusal(provider, Reason(full[0].value), full[1])
