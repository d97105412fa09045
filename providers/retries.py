"""Ask again where that can help: exponential backoff with jitter, never past the time allowed."""

import math
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from providers import turns
from providers.errors import TransientVoterError, VoterError

T = TypeVar("T")

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 8.0
# Less time than this answers nothing, and is not worth a paid attempt.
SHORTEST_ATTEMPT_S = 0.05


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt that failed.

    retry_after_s  how long the provider asks to wait, or None
    may_be_billed  whether the provider may have done, and charged, the work all the same
    """

    error: VoterError
    retry_after_s: float | None = None
    may_be_billed: bool = False


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to ask again, each time a paid call; time and chance are arguments so that tests own them."""

    max_retries: int
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)

    def persist(self, attempt: Callable[[float], T | Failure], *, timeout_s: float) -> tuple[T, int]:
        """Return the first result of *attempt*(seconds left), and how many failures before it may be billed.

        The turn at the provider's turnstile, if one is taken, hears of each attempt and allows each retry.
        Raises:  VoterError of the last failure, once asking again cannot help or there is no time for it.
        """
        until, turn = self.clock() + timeout_s, turns.current()
        billed = 0
        for failures in range(self.max_retries + 1):
            given_s = until - self.clock()
            outcome = attempt(given_s)
            if turn is not None:
                _tell(turn, outcome, given_s)
            if not isinstance(outcome, Failure):
                return outcome, billed
            billed += outcome.may_be_billed
            wait_s = self._wait_s(outcome, failures)
            is_hopeless = not isinstance(outcome.error, TransientVoterError) or failures == self.max_retries
            if is_hopeless or self.clock() + wait_s + SHORTEST_ATTEMPT_S > until:
                raise outcome.error
            self.sleep(wait_s)
            if turn is not None and not turn.may_retry():
                raise outcome.error
        raise ValueError(f"max_retries is {self.max_retries}: nothing was asked")

    def _wait_s(self, failure: Failure, failures: int) -> float:
        longest_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**failures)
        # Half of it by chance, or all who failed together would come back together.
        backoff_s = longest_s * self.chance.uniform(0.5, 1.0)
        return max(backoff_s, failure.retry_after_s or 0.0)


def _tell(turn: turns.Turn, outcome: object, given_s: float) -> None:
    if isinstance(outcome, Failure):
        turn.heard(outcome.error, given_s=given_s, retry_after_s=outcome.retry_after_s)
    else:
        turn.heard(None, given_s=given_s)


def retry_after_s(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """Return the seconds that `retry-after` asks for, given as a number or as an HTTP date; None for neither.

    A date is read by the server's own clock if it sent one, by *now* if not.
    """
    asked = headers.get("retry-after", "").strip()
    try:
        seconds = float(asked)
    except ValueError:
        date, told_at = _date(asked), _date(headers.get("date", "")) or now
        seconds = math.nan if date is None else max(0.0, (date - told_at).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
