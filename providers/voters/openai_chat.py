"""The wire of OpenAI's Chat Completions, which many other vendors and local servers speak too."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from providers import http
from providers.errors import ErrorKind, PermanentVoterError, VoterError
from providers.retries import Failure, Patience, retry_after_s
from providers.voters import ballots, prices, rejections
from providers.voters.prompts import Prompt
from providers.voters.types import Answer, Brief, Usage

PATH = "chat/completions"
CUT_SHORT = {"length", "model_length", "max_tokens"}
MAX_MODEL_NAME = 100
# What is shorter guards nothing, and would be struck out of ordinary words.
MIN_KEY = 8


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    type: str
    text: str = ""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    content: str | list[_Part] | None = None
    refusal: str | None = None

    @property
    def text(self) -> str:
        """The answer; of a model that sends its thoughts along, as Mistral's do, the answering parts."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    finish_reason: str | None = None
    message: _Message = _Message()


class Completion(BaseModel):
    """What is read of an answer; vendors add fields of their own, which are let be."""

    model_config = ConfigDict(frozen=True, strict=True)

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None

    @property
    def first(self) -> _Choice:
        """The one choice that was asked for."""
        return self.choices[0]


@dataclass(frozen=True, slots=True)
class _Received:
    """A 200 answer: what is read of it, and all of it for counting its cost."""

    completion: Completion
    raw: dict[str, object]


class OpenAIChatVoter:
    """A model behind a Chat Completions server, asked for one ballot on a whole brief.

    provider     whom messages name
    temperature  None leaves the model's own, which some models insist on
    """

    def __init__(
        self,
        *,
        name: str,
        provider: str,
        model: str,
        base_url: str,
        api_key: str | None,
        price: prices.Price,
        max_tokens: int,
        temperature: float | None,
        patience: Patience,
        prompt: Prompt,
    ) -> None:
        self.name = name
        self.provider = provider
        self.model = model
        self.base_url = base_url
        self._key = SecretStr(http.usable_key(api_key) or "")
        self._price = price
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._patience = patience
        self._prompt = prompt
        self._server = http.server(base_url)

    def __repr__(self) -> str:
        return f"OpenAIChatVoter(name={self.name!r}, model={self.model!r}, base_url={self.base_url!r})"

    def worst_case_usd(self, brief: Brief) -> Decimal:
        """Return the most that one `ask`, all its retries included, can cost.

        A token is at least one byte, so the request's bytes bound its tokens.
        Raises:  PermanentVoterError(UNPRICED) if the price is not known.
        """
        return self._once_usd(self.request(brief)) * (self._patience.max_retries + 1)

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Return the model's answer within *timeout_s* seconds; transient failures are asked again.

        An earlier attempt that may have been billed is booked at its worst case, since nobody said
        what it cost; so is an answer that does not count its tokens.
        Raises:  VoterError
        """
        body = self.request(brief)
        once_usd = self._once_usd(body)  # an unpriced model is not asked
        received, lost = self._patience.persist(
            lambda left_s: self._attempt(body, left_s), timeout_s=timeout_s
        )
        text = ballot_text(received.completion)
        usage = self._price.usage(received.raw) or Usage(cost_usd=once_usd)
        model = rejections.printable(received.completion.model or "")[:MAX_MODEL_NAME]
        return Answer(
            opinions=ballots.read(text, (market.symbol for market in brief.markets)),
            usage=usage.model_copy(update={"cost_usd": usage.cost_usd + lost * once_usd}),
            response_model=model or None,
            prompt_sha256=self._prompt.sha256,
        )

    def request(self, brief: Brief) -> bytes:
        """Return the exact bytes that are sent to ask about *brief*."""
        schema = ballots.schema(market.symbol for market in brief.markets)
        body: dict[str, object] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": self._prompt.text},
                {"role": "user", "content": ballots.show(brief)},
            ],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "ballot", "strict": True, "schema": schema},
            },
            "max_completion_tokens": self._max_tokens,
        }
        if self._temperature is not None:
            body["temperature"] = self._temperature
        return orjson.dumps(body)

    def _once_usd(self, body: bytes) -> Decimal:
        return self._price.worst_case_usd(len(body), self._max_tokens)

    def _attempt(self, body: bytes, left_s: float) -> _Received | Failure:
        key = self._key.get_secret_value() or None
        reply = self._server.post(PATH, body, key=key, timeout_s=left_s)
        if isinstance(reply, http.NoReply):
            return Failure(reply.error, may_be_billed=reply.was_sent)
        try:
            return self._received(reply, key)
        except VoterError as error:
            return Failure(error, retry_after_s(reply.headers, now=datetime.now(UTC)))

    def _received(self, reply: http.Reply, key: str | None) -> _Received:
        # Should a server echo the key, it must not travel on in a reasoning.
        body = reply.body.replace(key.encode(), b"[key]") if key and len(key) >= MIN_KEY else reply.body
        if reply.status != 200:
            raise rejections.voter_error(self.provider, reply.status, body, key=key)
        raw = _object(body)
        if raw.get("error") and not raw.get("choices"):
            raise rejections.voter_error(self.provider, _status_within(raw), body, key=key)
        return _Received(read_completion(raw), raw)


def read_completion(raw: dict[str, object]) -> Completion:
    """Return what is needed of the answer *raw*.

    Raises:  PermanentVoterError(BAD_RESPONSE) if it is no Chat Completions answer.
    """
    try:
        return Completion.model_validate(raw)
    except ValidationError as error:
        where = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"])
        # Not chained: the original quotes the answer, and an answer may quote anything.
        raise _bad_response(f"{where[:80]} is missing or of another type") from None


def ballot_text(completion: Completion) -> str:
    """Return the complete text of the ballot.

    Raises:  PermanentVoterError: REFUSED, TRUNCATED, or BAD_RESPONSE for any other end than "stop".
    """
    choice = completion.first
    if choice.message.refusal:
        why = rejections.quote(choice.message.refusal, key=None)
        raise PermanentVoterError(ErrorKind.REFUSED, f"the model refused: {why}")
    if choice.finish_reason == "content_filter":
        raise PermanentVoterError(ErrorKind.REFUSED, "the provider's content filter stopped the answer")
    if choice.finish_reason in CUT_SHORT:
        raise PermanentVoterError(ErrorKind.TRUNCATED, "the answer was cut off at the token limit")
    if choice.finish_reason != "stop":
        ended = rejections.quote(str(choice.finish_reason), key=None)
        raise _bad_response(f"it ended with {ended!r} instead of 'stop'")
    if not choice.message.text:
        raise _bad_response("it is empty")
    return choice.message.text


def _object(body: bytes) -> dict[str, object]:
    try:
        raw: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _bad_response("it is not JSON") from None
    if not isinstance(raw, dict):
        raise _bad_response("it is not a JSON object")
    return raw


def _status_within(raw: dict[str, object]) -> int:
    """Return the status inside an error that came with a 200; 400, which is not retried, if it holds none."""
    error = raw.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code <= 599 else 400


def _bad_response(why: str) -> PermanentVoterError:
    return PermanentVoterError(ErrorKind.BAD_RESPONSE, f"no usable Chat Completions answer: {why}")
