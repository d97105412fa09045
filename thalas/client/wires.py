"""Requests to one house: sent again only where nothing can happen twice, and the key shown to nobody else."""

import random
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx
from pydantic import SecretStr

from thalas.client import errors
from thalas.client.errors import ApiError, TooManyRequests, Unavailable

FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 2.0
# The house says every 15 s that nothing is new; three times that in silence is a dead connection.
STREAM_SILENCE_S = 45.0
# Nothing of the request has left: sending it now is sending it once, whatever it asks for.
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
REPEAT_KEY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Call:
    """One request; *wait_s* is how long the house may take on purpose."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    repeat_key: str | None = None
    wait_s: float = 0.0

    @property
    def is_repeatable(self) -> bool:
        """Say whether sending it twice does no more than sending it once."""
        return self.method == "GET" or self.repeat_key is not None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying; time and chance are arguments so that tests own them.

    longest_s  what all waiting in between may add to one call
    """

    longest_s: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)

    def backoff_s(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row, one or more."""
        ceiling = min(FIRST_WAIT_S * 2.0 ** (failures - 1), LONGEST_WAIT_S)
        return ceiling * self.chance.uniform(0.5, 1.0)


@dataclass(frozen=True, slots=True)
class Setback:
    """A request that failed; *wait_s* is how long the house asks to wait, None if it does not say."""

    error: ApiError
    may_repeat: bool
    wait_s: float | None = None


class Interrupted(Exception):
    """A stream did not begin, or broke off."""

    def __init__(self, setback: Setback) -> None:
        super().__init__(str(setback.error))
        self.setback = setback


class Bearer(httpx.Auth):
    """Shows the key, and keeps it out of everything that is printed."""

    def __init__(self, key: str) -> None:
        if not (key and key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("the key is not one: give prefix.secret as `api_key create` has shown it")
        self._key = SecretStr(key)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the key to *request*."""
        request.headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        yield request


class Wire:
    """The way to one house and back."""

    def __init__(self, base_url: str, key: str, *, timeout_s: float, patience: Patience) -> None:
        url = httpx.URL(base_url)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise ValueError("base_url cannot be used: give an address such as https://thalas.example")
        self.shown = str(url).rstrip("/")
        self.patience = patience
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            base_url=f"{self.shown}/api/v1",
            auth=Bearer(key),
            headers={"User-Agent": "thalas-client", "Accept": "application/json"},
        )

    def __repr__(self) -> str:
        return f"Wire({self.shown!r})"

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def send(self, call: Call) -> httpx.Response:
        """Return the answer to *call*, sent again where that is safe and can help.

        Raises:  ApiError.
        """
        until = self.patience.clock() + call.wait_s + self.patience.longest_s
        for failures in count(1):
            outcome = self._try(call)
            if isinstance(outcome, httpx.Response):
                return outcome
            wait_s = self.patience.backoff_s(failures) if outcome.wait_s is None else outcome.wait_s
            if not outcome.may_repeat or self.patience.clock() + wait_s > until:
                raise outcome.error
            self.patience.sleep(wait_s)
        raise AssertionError("counting does not end")

    def _try(self, call: Call) -> httpx.Response | Setback:
        try:
            answer = self._client.request(
                call.method,
                call.path,
                params=dict(call.params),
                json=call.body,
                headers={} if call.repeat_key is None else {REPEAT_KEY: call.repeat_key},
                timeout=httpx.Timeout(self._timeout_s, read=self._timeout_s + call.wait_s),
            )
        except httpx.RequestError as error:
            return Setback(_gone(error), call.is_repeatable or isinstance(error, NEVER_SENT))
        return answer if answer.is_success else _setback(answer, call)

    @contextmanager
    def stream(self, call: Call, *, last_event_id: str) -> Iterator[httpx.Response]:
        """Yield the answer to *call* while its body is still coming.

        Raises:  Interrupted, also in the middle of the body.
        """
        headers = {"Accept": "text/event-stream"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        timeout = httpx.Timeout(self._timeout_s, read=STREAM_SILENCE_S)
        try:
            with self._client.stream(call.method, call.path, headers=headers, timeout=timeout) as answer:
                if not answer.is_success:
                    answer.read()
                    raise Interrupted(_setback(answer, call))
                yield answer
        except httpx.RequestError as error:
            raise Interrupted(Setback(_gone(error), may_repeat=True)) from None


def _gone(error: httpx.RequestError) -> Unavailable:
    # Neither raised from *error* nor inside its handler: the frames behind it hold the request as sent.
    return Unavailable(f"There was no answer ({type(error).__name__})")


def _setback(answer: httpx.Response, call: Call) -> Setback:
    error = errors.read(answer)
    if isinstance(error, TooManyRequests):  # it was turned away at the door and has done nothing
        return Setback(error, may_repeat=True, wait_s=error.retry_after_s)
    is_passing = errors.is_passing(answer) and call.is_repeatable
    return Setback(error, may_repeat=is_passing, wait_s=errors.retry_after_s(answer))
