"""The shared turnstile as calls use it: without Redis each process goes by what it has seen itself."""

import redis
import structlog

from providers import brokers
from providers.circuits import Change, Outcome, Standing
from providers.shared_turnstiles import SharedTurnstile
from providers.turnstiles import FREE, LocalTurnstile, Refusal, Ticket
from providers.windows import Windows

log = structlog.get_logger(__name__)


class SteadyTurnstile:
    """The shared turnstile; while Redis is away this process's own. It never raises and never waits long."""

    def __init__(self, shared: SharedTurnstile, local: LocalTurnstile) -> None:
        self._shared = shared
        self._local = local
        self._broker = brokers.Presence()

    def enter(
        self, provider: str, *, windows: Windows = FREE, tokens: int = 0, lease_s: float = 30.0
    ) -> Ticket | Refusal:
        """Let a call through, or say why not."""
        if self._broker.may_ask():
            try:
                answer = self._shared.enter(provider, windows=windows, tokens=tokens, lease_s=lease_s)
            except redis.RedisError as error:
                self._note_away(error)
            else:
                self._broker.note_there()
                self._local.mirror(answer)
                return answer
        return self._local.enter(provider, windows=windows, tokens=tokens, lease_s=lease_s)

    def tell(self, ticket: Ticket, outcome: Outcome, *, retry_after_s: float | None = None) -> Change:
        """Take in what became of a call; where that is nothing to anybody, nobody is told."""
        if not ticket.needs_telling(outcome, retry_after_s):
            return Change.NONE
        if self._broker.may_ask():
            try:
                change = self._shared.tell(ticket, outcome, retry_after_s=retry_after_s)
            except redis.RedisError as error:
                self._note_away(error)
            else:
                self._broker.note_there()
                self._local.overhear(ticket, outcome, retry_after_s=retry_after_s)
                return change
        change = self._local.tell(ticket, outcome, retry_after_s=retry_after_s)
        if change is Change.OPENED:
            log.warning("circuit_opened", provider=ticket.provider, only="in this process")
        return change

    def correct(self, ticket: Ticket, *, tokens: int) -> None:
        """Count the tokens that a call really took."""
        if ticket.tokens is None or ticket.tokens == tokens:
            return
        self._local.correct(ticket, tokens=tokens)
        if self._broker.may_ask():
            try:
                self._shared.correct(ticket, tokens=tokens)
            except redis.RedisError as error:
                self._note_away(error)

    def look(self, provider: str) -> Standing:
        """Say how *provider* stands."""
        if self._broker.may_ask():
            try:
                return self._shared.look(provider)
            except redis.RedisError as error:
                self._note_away(error)
        return self._local.look(provider)

    def reset(self, provider: str) -> None:
        """Forget everything of *provider*."""
        self._local.reset(provider)
        if self._broker.may_ask():
            try:
                self._shared.reset(provider)
            except redis.RedisError as error:
                self._note_away(error)

    def _note_away(self, error: redis.RedisError) -> None:
        if self._broker.note_away():
            log.warning("circuits_are_local", error=type(error).__name__)
