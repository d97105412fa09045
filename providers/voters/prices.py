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
class StatedPrice:
    """A price that a person states, in US dollars per million tokens."""

    usd_in: Decimal
    usd_out: Decimal

    def worst_case_usd(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Return the most that up to so many tokens cost."""
        return (tokens_in * self.usd_in + tokens_out * self.usd_out) / MILLION

    def usage(self, answer: Mapping[str, object]) -> Usage | None:
        """Return tokens and cost of a Chat Completions *answer*, or None if it does not count its tokens."""
        counted = _counted(answer)
        if counted is None:
            return None
        return Usage(tokens_in=counted[0], tokens_out=counted[1], cost_usd=self.worst_case_usd(*counted))


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
        usd_in, usd_out = _dearest(self.listed_as, self.model, size, hour)
        return tokens_in * usd_in + tokens_out * usd_out

    def usage(self, answer: Mapping[str, object]) -> Usage | None:
        """Return tokens and cost of a Chat Completions *answer*, or None if that cannot be known.

        Priced is the model that says it answered; the one that was asked if the list lacks the former.
        """
        counted = _counted(answer)
        if counted is None:
            return None
        cost_usd = _cost_usd(answer, self.listed_as)
        if cost_usd is None:
            cost_usd = _cost_usd({**answer, "model": self.model}, self.listed_as)
        if cost_usd is None:
            return None
        return Usage(tokens_in=counted[0], tokens_out=counted[1], cost_usd=cost_usd)


Price: TypeAlias = StatedPrice | ListPrice


def find(stated: str | None, *, listed_as: str, model: str) -> Price:
    """Return the price that *stated* says, "free" or "<US$ per million tokens in>/<out>"; None asks the list.

    Raises:  PermanentVoterError(UNPRICED) if *stated* says something else.
    """
    if stated is None:
        return ListPrice(listed_as, model)
    if stated == FREE:
        return StatedPrice(Decimal(0), Decimal(0))
    numbers = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)/(\d{1,9}(?:\.\d{1,9})?)", stated)
    if numbers is None:
        raise unpriced(f"{stated[:40]!r} is no price of {model}")
    return StatedPrice(Decimal(numbers[1]), Decimal(numbers[2]))


def unpriced(why: str) -> PermanentVoterError:
    """Return the error that says *why* no price is known, and how to state one."""
    how = 'state "free", or US$ per million tokens in and out such as "0.25/2.00"'
    return PermanentVoterError(ErrorKind.UNPRICED, f"{why}; set the provider's _PRICE: {how}")


@lru_cache(maxsize=1_024)
def _dearest(listed_as: str, model: str, tokens_in: int, hour: datetime) -> tuple[Decimal, Decimal]:
    """Return US dollars per token in and out, the dearest of all the ways a call this size may be billed."""
    rates = [
        (priced.input_price / tokens_in, priced.output_price)
        for moment in MOMENTS
        for counts in _ways(tokens_in)
        for priced in _all_tiers(counts, listed_as, model, hour + moment)
    ]
    if not rates:
        raise unpriced(f"the price list knows no price of {model} at {listed_as}")
    return max(rate[0] for rate in rates), max(rate[1] for rate in rates)


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


def _cost_usd(answer: Mapping[str, object], listed_as: str) -> Decimal | None:
    tier = answer.get("service_tier")
    try:
        extracted = genai_prices.extract_usage(answer, provider_id=listed_as, api_flavor="chat")
        priced = extracted.calc_price(price_context={"service_tier": tier} if isinstance(tier, str) else None)
    except (LookupError, ValueError):
        return None
    return priced.total_price if _is_complete(priced) else None


def _is_complete(priced: PriceCalculation) -> bool:
    """Say whether text has a price both ways: the list counts a price that it lacks as 0."""
    return priced.model_price.input_mtok is not None and priced.model_price.output_mtok is not None


def _counted(answer: Mapping[str, object]) -> tuple[int, int] | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    sent, received = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    return None if sent is None or received is None else (sent, received)


def _count(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= MAX_COUNT else None
