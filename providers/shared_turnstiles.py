"""The turnstile that all workers share through Redis, in one step each, and what there is without Redis.

Libraries were looked at. pybreaker keeps its state in Redis but guards a half-open circuit by a lock of one
process, so that each worker sends a probe; aiobreaker is its asyncio twin and no longer kept up; purgatory
does not count probes over processes either; the windows of limits hold an entry for each token. None does
circuit and windows in one trip to Redis, which is all that a call should pay. Hence the scripts here.

Redis holds nothing precious. While it is away each process goes by what it has seen itself; when it comes
back empty, all circuits are closed and all windows free.
"""

from collections.abc import Callable
from typing import cast

import redis
import structlog

from providers import brokers, turnstile_scripts
from providers.circuits import Change, Outcome, Rules, Standing, State
from providers.turnstiles import FREE, Reason, Refusal, Ticket, new_id
from providers.windows import LENGTH_S, Windows

log = structlog.get_logger(__name__)

PREFIX = "thalas:turnstile:"
# What a call waits at most for a Redis that hangs, once a second.
CONNECT_TIMEOUT_S = 0.03
ANSWER_TIMEOUT_S = 0.05
MICRO = 1_000_000
KEPT_S = 3600


class SharedTurnstile:
    """The turnstile that all processes share, kept in Redis; every method may raise redis.RedisError."""

    def __init__(
        self,
        url: str,
        rules: Rules | None = None,
        *,
        clock: Callable[[], float] | None = None,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        pool = brokers.connections(
            url, connect_timeout_s=connect_timeout_s, answer_timeout_s=answer_timeout_s
        )
        self._rules = rules or Rules()
        self._clock = clock
        self._client = redis.Redis(connection_pool=pool)
        self._enter = self._client.register_script(turnstile_scripts.ENTER)
        self._tell = self._client.register_script(turnstile_scripts.TELL)
        self._correct = self._client.register_script(turnstile_scripts.CORRECT)
        self._look = self._client.register_script(turnstile_scripts.LOOK)

    def enter(
        self, provider: str, *, windows: Windows = FREE, tokens: int = 0, lease_s: float = 30.0
    ) -> Ticket | Refusal:
        """Let a call through, or say why not."""
        ticket = new_id()
        most, most_tokens = windows.requests_per_minute, windows.tokens_per_minute
        answer = cast(
            "list[bytes | int]",
            self._enter(
                keys=_keys(provider),
                args=[
                    self._now(),
                    ticket,
                    _micro(lease_s),
                    _micro(self._rules.longest_s),
                    -1 if most is None else most,
                    -1 if most_tokens is None else most_tokens,
                    tokens,
                    _micro(LENGTH_S),
                ],
            ),
        )
        if answer[0] != b"in":
            return Refusal(provider, Reason(_text(answer[0])), int(answer[1]) / MICRO)
        _, generation, is_probe, is_watched = answer
        counted = tokens if windows.is_limited else None
        return Ticket(provider, ticket, int(generation), bool(is_probe), bool(is_watched), counted)

    def tell(self, ticket: Ticket, outcome: Outcome, *, retry_after_s: float | None = None) -> Change:
        """Take in what became of a call."""
        rules = self._rules
        change, wait_us = cast(
            "tuple[bytes, int]",
            self._tell(
                keys=_keys(ticket.provider),
                args=[
                    self._now(),
                    ticket.id,
                    ticket.generation,
                    int(ticket.is_probe),
                    outcome.value,
                    _micro(min(retry_after_s or 0.0, rules.longest_s)),
                    "" if ticket.tokens is None else ticket.tokens,
                    rules.ills,
                    rules.outcomes,
                    _micro(rules.within_s),
                    _micro(rules.cooling_s),
                    _micro(rules.longest_s),
                    KEPT_S,
                ],
            ),
        )
        said = Change(_text(change))
        if said is Change.OPENED:
            log.warning("circuit_opened", provider=ticket.provider, for_s=wait_us / MICRO)
        elif said is Change.CLOSED:
            log.info("circuit_closed", provider=ticket.provider)
        return said

    def correct(self, ticket: Ticket, *, tokens: int) -> None:
        """Count the tokens that a call really took."""
        if ticket.tokens is not None and ticket.tokens != tokens:
            self._correct(keys=_keys(ticket.provider), args=[ticket.id, ticket.tokens, tokens])

    def look(self, provider: str) -> Standing:
        """Say how *provider* stands."""
        now, fields = cast(
            "tuple[bytes, list[bytes | None]]", self._look(keys=_keys(provider), args=[self._now()])
        )
        opened, probed, shut, openings, last = fields
        now_us, open_us, shut_us = int(now), int(opened or 0), int(shut or 0)
        state = State.CLOSED
        if opened is not None:
            state = State.OPEN if now_us < open_us else State.HALF_OPEN
        return Standing(
            state,
            wait_s=max(0, open_us - now_us, int(probed or 0) - now_us) / MICRO if opened else 0.0,
            openings=int(openings or 0),
            ills=(last or b"").count(b"ill@"),
            shut_s=max(0, shut_us - now_us) / MICRO,
        )

    def reset(self, provider: str) -> None:
        """Forget everything of *provider*."""
        self._client.delete(*_keys(provider))

    def _now(self) -> str:
        return "" if self._clock is None else str(_micro(self._clock()))


def _keys(provider: str) -> list[str]:
    # The braces keep the three in one slot of a Redis cluster, where a script may use them together.
    name = f"{PREFIX}{{{provider}}}"
    return [name, f"{name}:calls", f"{name}:tokens"]


def _micro(seconds: float) -> int:
    return round(seconds * MICRO)


def _text(word: bytes | int) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)
