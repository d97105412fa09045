"""What a call costs: by a stated price, or by genai-prices' list as installed, which is never fetched anew.

Money is Decimal. A price that is not known is an error or None, never 0.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import TypeAlias

import genai_prices
from genai_prices.types import PriceCalculation
from genai_prices.types import Usage as Counts

from providers.errors import ErrorKind, PermanentVoterError
from providers.voters.types import Usage

MILLION = Decimal(1_000_000)
FREE = "free"
# No answer has more tokens; a bigger figure is no count.
MAX_COUNT = 1_000_000_000
# Rates may change by the hour: the estimate covers the changes on the half hour while a call may last.
MOMENTS = tuple(timedelta(minutes=minutes) for minutes in (0, 30, 60, 90))


@dataclass(frozen=True, slots=True)
class Counters:
    """Where the answers of a wire count their tokens.

    usage     the object that holds the counts
    sent, received  names that add up; the first must be there
    model     where the answer says which model answered
    flavors   what the price list may call the wire
    cached    the steps to how many of those sent were read from a cache
    """

    usage: str
    sent: tuple[str, ...]
    received: tuple[str, ...]
    model: str
    flavors: tuple[str, ...]
    cached: tuple[str, ...]


CHAT = Counters(
    "usage",
    ("prompt_tokens",),
    ("completion_tokens",),
    "model",
    ("chat", "default"),
    ("prompt_tokens_details", "cached_tokens"),
)
RESPONSES = Counters(
    "usage",
    ("input_tokens",),
    ("output_tokens",),
    "model",
    ("responses",),
    ("input_tokens_details", "cached_tokens"),
)
MESSAGES = Counters(
    "usage",
    # Tokens that were read from the cache, or written to it, are counted apart.
    ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"),
    ("output_tokens",),
    "model",
    ("default", "anthropic"),
    ("cache_read_input_tokens",),
)
GEMINI = Counters(
    "usageMetadata",
    ("promptTokenCount", "toolUsePromptTokenCount"),
    ("candidatesTokenCount", "thoughtsTokenCount"),
    "modelVersion",
    ("default",),
    ("cachedContentTokenCount",),
)


@dataclass(frozen=True, slots=True)
class StatedPrice:
    """A price that a person states, in US dollars per million tokens.

    usd_cached  of those in that were read from a cache; None if they cost as much as the others
    """

    usd_in: Decimal
    usd_out: Decimal
    usd_cached: Decimal | None = None

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return the most that up to so many tokens cost."""
        dearest = max(self.usd_in, self.usd_cached or Decimal(0))
        return (tokens_in * dearest + tokens_out * self.usd_out) / MILLION

    def likely_usd(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return what so many tokens cost if none comes from a cache."""
        return (tokens_in * self.usd_in + tokens_out * self.usd_out) / MILLION

    def usage(self, answer: Mapping[str, object], counters: Counters = CHAT) -> Usage | None:
        """Return tokens and cost of *answer*, or None if it does not count its tokens."""
        counted = _counted(answer, counters)
        if counted is None:
            return None
        cost_usd = self.likely_usd(*counted)
        if self.usd_cached is not None:
            cached = min(_cached(answer, counters), counted[0])
            cost_usd -= cached * (self.usd_in - self.usd_cached) / MILLION
        return Usage(tokens_in=counted[0], tokens_out=counted[1], cost_usd=cost_usd)


@dataclass(frozen=True, slots=True)
class ListPrice:
    """The price of *model* in the list, under the provider that it calls *listed_as*."""

    listed_as: str
    model: str

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return the most that up to so many tokens cost, at the dearest service tier and cache rate.

        Raises:  PermanentVoterError(UNPRICED) if the list does not price the model.
        """
        hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        # The next power of two: few enough to remember, and never a lower tier than the tokens' own.
        size = 1 << max(0, tokens_in - 1).bit_length()
        rates = _dearest(self.listed_as, self.model, size, hour)
        return tokens_in * rates.usd_in + tokens_out * rates.usd_out + rates.usd_call

    def likely_usd(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return what so many tokens cost at the ordinary tier if none comes from a cache.

        Raises:  PermanentVoterError(UNPRICED) if the list does not price the model.
        """
        cost_usd = _plain_usd((tokens_in, tokens_out), self.listed_as, self.model)
        if cost_usd is None:
            raise _unlisted(self.listed_as, self.model)
        return cost_usd

    def usage(self, answer: Mapping[str, object], counters: Counters = CHAT) -> Usage | None:
        """Return tokens and cost of *answer*, or None if that cannot be known.

        Priced is the model that says it answered; the one that was asked if the list lacks the former.
        Where the list cannot read the vendor's figures, all tokens count as plain ones.
        """
        counted = _counted(answer, counters)
        if counted is None:
            return None
        cost_usd = self._cost_usd(answer, counters, counted)
        if cost_usd is None:
            return None
        return Usage(tokens_in=counted[0], tokens_out=counted[1], cost_usd=cost_usd)

    def _cost_usd(
        self, answer: Mapping[str, object], counters: Counters, counted: tuple[int, int]
    ) -> Decimal | None:
        asked = {**answer, counters.model: self.model}
        for told in (answer, asked):
            cost_usd = _told_usd(told, self.listed_as, counters)
            if cost_usd is not None:
                return cost_usd
        return _plain_usd(counted, self.listed_as, self.model)


Price: TypeAlias = StatedPrice | ListPrice


def find(stated: str | None, *, listed_as: str, model: str) -> Price:
    """Return the price that *stated* says; None asks the list.

    stated  "free", or US$ per million tokens "<in>/<out>" or "<in>/<out>/<read from a cache>"

    Raises:  PermanentVoterError(UNPRICED) if *stated* says something else.
    """
    if stated is None:
        return ListPrice(listed_as, model)
    if stated == FREE:
        return StatedPrice(Decimal(0), Decimal(0))
    if not re.fullmatch(r"\d{1,9}(\.\d{1,9})?(/\d{1,9}(\.\d{1,9})?){1,2}", stated):
        raise unpriced(f"{stated[:60]!r} is no price of {model}")
    return StatedPrice(*map(Decimal, stated.split("/")))


def unpriced(why: str) -> PermanentVoterError:
    """Return the error that says *why* no price is known, and how to state one."""
    how = 'state "free", or US$ per million tokens in and out such as "0.25/2.00"'
    return PermanentVoterError(ErrorKind.UNPRICED, f"{why}; set the provider's _PRICE: {how}")


def _unlisted(listed_as: str, model: str) -> PermanentVoterError:
    return unpriced(f"the price list knows no price of {model} at {listed_as}")


@dataclass(frozen=True, slots=True)
class _Rates:
    """US dollars per token in, per token out, and per call, whatever its size."""

    usd_in: Decimal
    usd_out: Decimal
    usd_call: Decimal


@lru_cache(maxsize=1_024)
def _dearest(listed_as: str, model: str, tokens_in: int, hour: datetime) -> _Rates:
    """Return the dearest rates of all the ways a call this size may be billed."""
    ways = [
        priced
        for moment in MOMENTS
        for counts in _ways(tokens_in)
        for priced in _all_tiers(counts, listed_as, model, hour + moment)
    ]
    if not ways:
        raise _unlisted(listed_as, model)
    return _Rates(
        usd_in=max(way.input_price for way in ways) / tokens_in,
        usd_out=max(way.output_price for way in ways),
        usd_call=max(way.total_price - way.input_price - way.output_price for way in ways),
    )


def _ways(tokens_in: int) -> tuple[Counts, Counts]:
    """Return one token out after *tokens_in*, plain and all written to a cache, which can be dearer."""
    return (
        Counts(input_tokens=tokens_in, output_tokens=1),
        Counts(input_tokens=tokens_in, cache_write_tokens=tokens_in, output_tokens=1),
    )


def _all_tiers(counts: Counts, listed_as: str, model: str, at: datetime) -> Iterator[PriceCalculation]:
    """Yield the price at the ordinary service tier and at each other that a project's settings may choose."""
    try:
        ordinary = genai_prices.calc_price(counts, model, provider_id=listed_as, genai_request_timestamp=at)
        if not _is_complete(ordinary):
            return
        yield ordinary
        for variant in ordinary.model.price_variants or ():
            if "service_tier" in variant.when:
                yield genai_prices.calc_price(
                    counts,
                    model,
                    provider_id=listed_as,
                    genai_request_timestamp=at,
                    price_context=variant.when,
                )
    except (LookupError, ValueError):
        return


def _told_usd(answer: Mapping[str, object], listed_as: str, counters: Counters) -> Decimal | None:
    """Return what *answer* costs by its own figures, or None if the list cannot tell."""
    tier = answer.get("service_tier")
    for flavor in counters.flavors:
        try:
            extracted = genai_prices.extract_usage(answer, provider_id=listed_as, api_flavor=flavor)
            context = {"service_tier": tier} if isinstance(tier, str) else None
            return _total(extracted.calc_price(price_context=context))
        except (LookupError, ValueError):
            continue
    return None


def _plain_usd(counted: tuple[int, int], listed_as: str, model: str) -> Decimal | None:
    counts = Counts(input_tokens=counted[0], output_tokens=counted[1])
    try:
        return _total(genai_prices.calc_price(counts, model, provider_id=listed_as))
    except (LookupError, ValueError):
        return None


def _total(priced: PriceCalculation) -> Decimal | None:
    return priced.total_price if _is_complete(priced) else None


def _is_complete(priced: PriceCalculation) -> bool:
    """Say whether text has a price both ways: the list counts a price that it lacks as 0."""
    return priced.model_price.input_mtok is not None and priced.model_price.output_mtok is not None


def _counted(answer: Mapping[str, object], counters: Counters) -> tuple[int, int] | None:
    usage = answer.get(counters.usage)
    if not isinstance(usage, dict):
        return None
    sent, received = _sum(usage, counters.sent), _sum(usage, counters.received)
    return None if sent is None or received is None else (sent, received)


def _cached(answer: Mapping[str, object], counters: Counters) -> int:
    """Return how many tokens were read from a cache; 0 unless the answer counts them."""
    found: object = answer.get(counters.usage)
    for step in counters.cached:
        found = found.get(step) if isinstance(found, dict) else None
    return _count(found) or 0


def _sum(usage: Mapping[str, object], names: tuple[str, ...]) -> int | None:
    """Add up what *names* count: the first must be there, the others may be away or null."""
    first, *others = names
    counts = [_count(usage.get(first))]
    counts += [_count(usage[name]) for name in others if usage.get(name) is not None]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None
