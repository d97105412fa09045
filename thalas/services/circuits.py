"""This process's turnstile to every provider, and a vote's turn at it."""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from providers import turns
from providers.shared_turnstiles import SharedTurnstile
from providers.steady_turnstiles import SteadyTurnstile
from providers.turnstiles import LocalTurnstile
from providers.voters.model_voters import ModelVoter
from providers.voters.types import Answer, Brief, Voter
from providers.voters.vendors import ANALYST, VoterSpec
from providers.windows import Windows
from thalas.services import audits


@lru_cache(maxsize=1)
def turnstile() -> SteadyTurnstile:
    """Return this process's turnstile."""
    return SteadyTurnstile(SharedTurnstile(settings.BROKER_URL), LocalTurnstile())


class Turn:
    """A vote's turn at its provider, or at nobody's: an analyst is no server."""

    def __init__(self, turn: turns.Turn | None, timeout_s: float) -> None:
        self._turn = turn
        self._timeout_s = timeout_s

    @property
    def left_s(self) -> float:
        """The seconds that are left for the answer."""
        return self._timeout_s if self._turn is None else self._turn.left_s

    def took(self, answer: Answer) -> None:
        """Count the tokens that *answer* really took."""
        if self._turn is not None:
            self._turn.took(answer.usage.tokens_in + answer.usage.tokens_out)


@contextmanager
def turn(spec: VoterSpec | None, voter: Voter, brief: Brief, *, timeout_s: float) -> Iterator[Turn]:
    """Enter at the provider of *spec*, waiting if that leaves time; the turn hears of every attempt.

    Raises:  VoterError: CIRCUIT_OPEN, or RATE_LIMIT of our own making; nothing was asked then.
    """
    if spec is None or spec.wire == ANALYST:
        yield Turn(None, timeout_s)
        return
    mine = turns.Turn(turnstile(), _conditions(spec, voter, brief, timeout_s), sleep=rest)
    mine.enter()
    with turns.taken(mine):
        yield Turn(mine, timeout_s)


@transaction.atomic
def reset(providers: Collection[str], *, by: str, now: datetime) -> None:
    """Close the circuits of *providers* and empty their windows, as a person wants it."""
    for provider in providers:
        turnstile().reset(provider)
    audits.append(actor=by, action="circuit.reset", target=", ".join(sorted(providers)), now=now)


def rest(seconds: float) -> None:
    """Wait, without holding a connection of the database's bounded pool."""
    if not connection.in_atomic_block:  # as in a test, whose transaction would go with it
        close_old_connections()
    time.sleep(seconds)


def _conditions(spec: VoterSpec, voter: Voter, brief: Brief, timeout_s: float) -> turns.Conditions:
    windows = Windows(spec.requests_per_minute, spec.tokens_per_minute)
    tokens = 0
    if windows.tokens_per_minute is not None and isinstance(voter, ModelVoter):
        tokens = len(voter.request(brief)) + spec.max_tokens  # a token is at least one byte
    return turns.Conditions(
        spec.provider, timeout_s=timeout_s, usual_s=spec.timeout_s, windows=windows, tokens=tokens
    )
