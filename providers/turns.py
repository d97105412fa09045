"""One vote's turn at its provider: it enters, each attempt is heard of, and it leaves.

Whoever asks a model puts the asking into `taken`; `retries.Patience` finds the turn there.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from random import Random

from providers.circuits import Outcome
from providers.errors import ErrorKind, PermanentVoterError, TransientVoterError, VoterError
from providers.turnstiles import FREE, Reason, Refusal, Ticket, Turnstile
from providers.windows import Windows

# What speaks of a provider's health, where asking again can help; a model that is not there does not.
ILL = {ErrorKind.OVERLOADED, ErrorKind.UNAVAILABLE, ErrorKind.TIMEOUT, ErrorKind.RATE_LIMIT}
ASKED_FOR = {ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED}
# A call that was given less time than this says nothing by running out of it.
FAIR_S = 2.0
# After a wait at the turnstile so much time, or half of the whole, has to be left for the answer.
ENOUGH_S = 1.0
LEASE_SLACK_S = 2.0
# All who wait for the same moment would come at the same moment.
SPREAD_S = 0.05


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a turn depends on.

    tokens     the most that one call may take
    timeout_s  the time of the whole turn, waits and retries included
    usual_s    what the voter is usually given; running out of less says little
    """

    provider: str
    timeout_s: float
    usual_s: float
    windows: Windows = FREE
    tokens: int = 0


class Turn:
    """One vote's turn; times and chance are arguments so that tests own them."""

    def __init__(
        self,
        turnstile: Turnstile,
        conditions: Conditions,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        chance: Random | None = None,
    ) -> None:
        self._turnstile = turnstile
        self._of = conditions
        self._clock = clock
        self._sleep = sleep
        self._chance = chance
        self._until = clock() + conditions.timeout_s
        self._ticket: Ticket | None = None
        self._last: Ticket | None = None

    @property
    def left_s(self) -> float:
        """The seconds that are left of it."""
        return self._until - self._clock()

    def enter(self) -> None:
        """Wait until a call may be made, if that leaves time for it.

        Raises:  TransientVoterError(CIRCUIT_OPEN); TransientVoterError or PermanentVoterError(RATE_LIMIT) of
                 our own making: nothing was asked.
        """
        while True:
            answer = self._turnstile.enter(
                self._of.provider,
                windows=self._of.windows,
                tokens=self._of.tokens,
                lease_s=max(self.left_s, 0.0) + LEASE_SLACK_S,
            )
            if isinstance(answer, Ticket):
                self._ticket = self._last = answer
                return
            enough_s = min(ENOUGH_S, self._of.timeout_s / 2)
            if answer.reason in (Reason.OPEN, Reason.NEVER) or answer.wait_s + enough_s > self.left_s:
                raise _refused(answer, self._of)
            self._sleep(answer.wait_s + self._spread_s())

    def _spread_s(self) -> float:
        if self._chance is None:  # making one takes longer than all the rest of a turn
            self._chance = Random()  # noqa: S311 - spreads load, guards nothing
        return self._chance.uniform(0.0, SPREAD_S)

    def may_retry(self) -> bool:
        """Enter again; False if nobody is let through or there is no time to wait for it."""
        try:
            self.enter()
        except VoterError:
            return False
        return True

    def heard(self, error: VoterError | None, *, given_s: float, retry_after_s: float | None = None) -> None:
        """Tell what became of the attempt that was made with *given_s* seconds."""
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            return
        outcome = self._outcome(error, given_s)
        asked_s = retry_after_s if error is not None and error.kind in ASKED_FOR else None
        self._turnstile.tell(ticket, outcome, retry_after_s=asked_s)

    def took(self, tokens: int) -> None:
        """Tell how many tokens the last attempt took; 0 if its provider did not say."""
        if self._last is not None and tokens > 0:
            self._turnstile.correct(self._last, tokens=tokens)

    def leave(self, *, has_asked: bool) -> None:
        """Give back what was not used; a voter that reports no attempts *has_asked* if it answered."""
        if self._ticket is not None:
            outcome = Outcome.WELL if has_asked else Outcome.UNUSED
            ticket, self._ticket = self._ticket, None
            self._turnstile.tell(ticket, outcome)

    def _outcome(self, error: VoterError | None, given_s: float) -> Outcome:
        if not isinstance(error, TransientVoterError) or error.kind not in ILL:
            return Outcome.WELL
        if error.kind is ErrorKind.TIMEOUT and given_s < min(FAIR_S, self._of.usual_s / 2):
            return Outcome.UNUSED
        return Outcome.ILL


_taken: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def taken(turn: Turn) -> Iterator[Turn]:
    """Let *turn* hear of every attempt that is made within; what was not used is given back at the end."""
    token = _taken.set(turn)
    has_asked = False
    try:
        yield turn
        has_asked = True
    finally:
        _taken.reset(token)
        turn.leave(has_asked=has_asked)


def current() -> Turn | None:
    """Return the turn within which a call is made, or None."""
    return _taken.get()


def _refused(refusal: Refusal, of: Conditions) -> VoterError:
    name, wait = refusal.provider, f"{refusal.wait_s:.1f} s"
    if refusal.reason is Reason.OPEN:
        text = f"{name} has failed too often and is left alone for {wait}; nothing was asked"
        return TransientVoterError(ErrorKind.CIRCUIT_OPEN, text)
    if refusal.reason is Reason.SHUT:
        text = f"{name} asked to be left alone for {wait}, longer than this vote can wait; nothing was asked"
        return TransientVoterError(ErrorKind.RATE_LIMIT, text)
    if refusal.reason is Reason.NEVER:
        text = f"this call may take {of.tokens} tokens, more than {name} may have in a minute"
        return PermanentVoterError(ErrorKind.RATE_LIMIT, f"{text}; nothing was asked")
    what = f"{of.windows.requests_per_minute} requests"
    if refusal.reason is Reason.TOKENS:
        what = f"{of.windows.tokens_per_minute} tokens"
    text = f"{name}'s own limit of {what} a minute is used up for {wait}; nothing was asked"
    return TransientVoterError(ErrorKind.RATE_LIMIT, text)
