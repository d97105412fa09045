"""A model behind a server, whatever its wire: asked, waited for, asked again, paid and read."""

from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from pydantic import SecretStr

from providers import http, masks
from providers.errors import PermanentVoterError, VoterError
from providers.retries import Failure, Patience, retry_after_s
from providers.voters import ballots, prices, rejections, strict_json, wires
from providers.voters.bills import Bill
from providers.voters.prompts import Prompt
from providers.voters.types import Abstention, Answer, Brief, Opinion, Usage
from providers.voters.vendors import Abilities, Enforced
from providers.voters.wires import Question, Wire

MAX_MODEL_NAME = 100
# Servers and those before them that answered so may have done the work, and charged it; 503 and 529 have not.
MAY_HAVE_WORKED = frozenset({500, 502, 504})


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may set of a model; None leaves the model's own, which some models insist on."""

    max_tokens: int
    temperature: float | None = None
    seed: int | None = None
    effort: str | None = None


@dataclass(frozen=True, slots=True)
class _Received:
    """A complete answer: the ballot's text, and who says that it answered."""

    text: str
    model: str


class ModelVoter:
    """A model that is asked over *wire* for one ballot on a whole brief.

    provider   whom messages name
    abilities  what its server lets us set, and how far it enforces the ballot's schema
    """

    def __init__(
        self,
        wire: Wire,
        *,
        name: str,
        provider: str,
        model: str,
        base_url: str,
        api_key: str | None,
        price: prices.Price,
        settings: Settings,
        abilities: Abilities,
        patience: Patience,
        prompt: Prompt,
    ) -> None:
        self.wire = wire
        self.name = name
        self.provider = provider
        self.model = model
        self.base_url = base_url
        self._key = SecretStr(http.usable_key(api_key) or "")
        self._mask = masks.of_key(self._key.get_secret_value())
        self._price = price
        self._settings = settings
        self._abilities = abilities
        self._patience = patience
        self._prompt = prompt
        self._server = http.server(base_url)

    def __repr__(self) -> str:
        return f"ModelVoter(name={self.name!r}, model={self.model!r})"  # an address may hold a token

    def worst_case(self, brief: Brief) -> Usage:
        """Return the most that one `ask`, all its retries included, can take.

        A token is at least one byte, so the request's bytes bound its tokens.
        Raises:  PermanentVoterError(UNPRICED) if the price is not known.
        """
        attempts, once = self._patience.max_retries + 1, self._once(self.request(brief))
        return Usage(
            tokens_in=once.tokens_in * attempts,
            tokens_out=once.tokens_out * attempts,
            cost_usd=once.cost_usd * attempts,
            requests=attempts,
        )

    def ask(self, brief: Brief, *, timeout_s: float) -> Answer:
        """Return the model's answer within *timeout_s* seconds; transient failures are asked again.

        An attempt that was or may have been billed is booked as its answer counts it, refused and
        truncated ones too, and at its worst case where nobody said what it cost.
        Raises:  VoterError, whose `usage` says what all attempts together took.
        """
        body = self.request(brief)
        bill = Bill(self._once(body))  # an unpriced model is not asked
        try:
            received, _ = self._patience.persist(
                lambda left_s: self._attempt(body, left_s, bill), timeout_s=timeout_s
            )
            symbols = [market.symbol for market in brief.markets]
            opinions, is_repaired = ballots.read_or_repair(received.text, symbols)
        except VoterError as error:
            error.usage = bill.total()
            error.args, error.__context__ = (self._mask.clean(str(error)),), None  # that quotes the answer
            raise
        return Answer(
            # Should a server echo the key, it must not travel on in what the model is said to have said.
            opinions=tuple(self._without_key(opinion) for opinion in opinions),
            usage=bill.total(),
            response_model=self._mask.clean(received.model) or None,
            prompt_sha256=self._prompt.sha256,
            is_repaired=is_repaired,
        )

    def _without_key(self, opinion: Opinion | Abstention) -> Opinion | Abstention:
        return opinion.model_copy(update={"reasoning": self._mask.clean(opinion.reasoning)})

    def request(self, brief: Brief) -> bytes:
        """Return the exact bytes that are sent to ask about *brief*."""
        schema = self._schema(brief)
        is_told = self._abilities.enforced in (Enforced.JSON_OBJECT, Enforced.NONE)
        question = Question(
            model=self.model,
            instructions=self._prompt.text + ("\n" + ballots.in_words(schema) if is_told else ""),
            brief=ballots.show(_glance(brief) if self._abilities.is_small else brief),
            schema=schema,
            enforced=self._abilities.enforced,
        )
        body = self.wire.request(question)
        for path, value in self._set():
            _put(body, path, value)
        return orjson.dumps(body)

    def _schema(self, brief: Brief) -> dict[str, ballots.Json]:
        symbols = (market.symbol for market in brief.markets)
        is_small = self._abilities.is_small
        # A small model finds no symbol by itself, and reads little into one.
        is_named = is_small or not any(market.is_given for market in brief.markets)
        return ballots.schema(symbols, is_small=is_small, is_named=is_named)

    def _set(self) -> list[tuple[str, object]]:
        """Return what is set, each with where it goes in the body."""
        named: list[tuple[str | None, object]] = [
            *self._abilities.always,
            (self._abilities.max_tokens, self._settings.max_tokens),
            (self._abilities.temperature, self._settings.temperature),
            (self._abilities.seed, self._settings.seed),
            (self._abilities.effort, self._settings.effort),
        ]
        return [(path, value) for path, value in named if path is not None and value is not None]

    def _once(self, body: bytes) -> Usage:
        cost_usd = self._price.worst_case_usd(len(body), self._settings.max_tokens)
        return Usage(tokens_in=len(body), tokens_out=self._settings.max_tokens, cost_usd=cost_usd)

    def _attempt(self, body: bytes, left_s: float, bill: Bill) -> _Received | Failure:
        key = self._key.get_secret_value() or None
        path = self.wire.path(self.base_url, self.model)
        reply = self._server.post(path, body, headers=self.wire.headers(key), timeout_s=left_s)
        if isinstance(reply, http.NoReply):
            bill.add_unknown() if reply.was_sent else bill.add_free()
            return Failure(reply.error, may_be_billed=reply.was_sent)
        raw: dict[str, object] | None = None
        try:
            raw = self._raw(reply, key)
            received = self._received(raw)
        except VoterError as error:
            may_be_billed = self._bill_failure(bill, reply.status, raw)
            wait_s = retry_after_s(reply.headers, now=datetime.now(UTC))
            told_s = rejections.retry_after_s(reply.body) if wait_s is None else wait_s
            return Failure(error, told_s, may_be_billed=may_be_billed)
        bill.add(self._usage(raw))
        return received

    def _bill_failure(self, bill: Bill, status: int, raw: dict[str, object] | None) -> bool:
        """Book an answer that is none; say whether it may be on the provider's bill."""
        if raw is not None:
            # Refused, cut off or broken off: it costs whatever it says.
            bill.add(self._usage(raw))
            return True
        may_be_billed = status == 200 or status in MAY_HAVE_WORKED
        bill.add_unknown() if may_be_billed else bill.add_free()
        return may_be_billed

    def _raw(self, reply: http.Reply, key: str | None) -> dict[str, object]:
        """Return the JSON of a 200 answer."""
        if reply.status != 200:
            raise rejections.voter_error(self.provider, reply.status, reply.body, key=key)
        raw = self._object(reply.body)
        status = rejections.status_within(raw)
        if status is not None:
            raise rejections.voter_error(self.provider, status, reply.body, key=key)
        return raw

    def _received(self, raw: dict[str, object]) -> _Received:
        reading = wires.read(self.wire, raw)
        text = wires.ballot_text(self.wire, reading, self._abilities.enforced)
        return _Received(text, rejections.printable(reading.model or "")[:MAX_MODEL_NAME])

    def _usage(self, raw: dict[str, object]) -> Usage | None:
        try:
            return self._price.usage(raw, self.wire.counters)
        except (AttributeError, TypeError):  # the price list's reader, of values of another type
            return None

    def _object(self, body: bytes) -> dict[str, object]:
        try:
            raw = strict_json.loads(body.decode("utf-8"))
        except UnicodeDecodeError:
            raise self._bad_response("it is not UTF-8") from None
        except strict_json.NotStrict as error:
            raise self._bad_response(str(error)) from None
        if not isinstance(raw, dict):
            raise self._bad_response("it is not a JSON object")
        return raw

    def _bad_response(self, why: str) -> PermanentVoterError:
        return wires.bad_response(self.wire, why)


def _glance(brief: Brief) -> Brief:
    """Return *brief* without its candles, for who has no room for them."""
    markets = tuple(market.model_copy(update={"candles": ()}) for market in brief.markets)
    return brief.model_copy(update={"markets": markets})


def _put(body: dict[str, object], path: str, value: object) -> None:
    """Set *value* in *body* at *path*, names joined by dots, making the objects on the way."""
    *steps, last = path.split(".")
    for step in steps:
        inner = body.setdefault(step, {})
        assert isinstance(inner, dict)  # for the type checker: paths are our own data
        body = inner
    body[last] = value
