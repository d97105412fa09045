"""How many requests and tokens a provider takes in any minute, counted exactly in this process."""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

LENGTH_S = 60.0


class Full(StrEnum):
    """Which window has no room."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    NEVER = "never"  # the call alone is larger than the window


@dataclass(frozen=True, slots=True)
class Windows:
    """What a provider takes in any minute; None for no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None

    @property
    def is_limited(self) -> bool:
        """Say whether there is anything to count."""
        return self.requests_per_minute is not None or self.tokens_per_minute is not None


@dataclass(slots=True)
class Minute:
    """What was let through in the last minute, the oldest first: when and with how many tokens, by ticket."""

    calls: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    tokens: int = 0

    def wait(self, windows: Windows, *, tokens: int, now: float) -> tuple[Full, float] | None:
        """Return which window a call with *tokens* has to wait for and how long, or None if it fits."""
        self._forget(now)
        per_minute = windows.tokens_per_minute
        if per_minute is not None and tokens > per_minute:
            return Full.NEVER, 0.0
        waits: list[tuple[float, Full]] = []
        most = windows.requests_per_minute
        if most is not None and len(self.calls) >= most:
            waits.append((self._leaves_at(len(self.calls) - most) - now, Full.REQUESTS))
        if per_minute is not None and self.tokens + tokens > per_minute:
            waits.append((self._frees_at(self.tokens + tokens - per_minute) - now, Full.TOKENS))
        if not waits:
            return None
        wait_s, full = max(waits)
        return full, wait_s

    def note(self, ticket: str, *, tokens: int, now: float) -> None:
        """Count a call that is let through."""
        self._forget(now)
        self.calls[ticket] = (now, tokens)
        self.tokens += tokens

    def correct(self, ticket: str, *, tokens: int | None) -> None:
        """Count what a call really took; None for one that was not made."""
        if ticket not in self.calls:
            return
        at, counted = self.calls[ticket]
        self.tokens += (tokens or 0) - counted
        if tokens is None:
            del self.calls[ticket]
        else:
            self.calls[ticket] = (at, tokens)

    def _forget(self, now: float) -> None:
        while self.calls:
            oldest = next(iter(self.calls))
            at, tokens = self.calls[oldest]
            if at > now - LENGTH_S:
                return
            del self.calls[oldest]
            self.tokens -= tokens

    def _leaves_at(self, place: int) -> float:
        return next(islice(self.calls.values(), place, None))[0] + LENGTH_S

    def _frees_at(self, tokens: int) -> float:
        at = 0.0
        for at, counted in self.calls.values():  # noqa: B007 - the last one looked at counts
            tokens -= counted
            if tokens <= 0:
                break
        return at + LENGTH_S
