"""What recorded answers cost by our reckoning, beside what the providers themselves said they cost."""

from decimal import Decimal
from typing import Any

import pytest

from providers.voters import prices
from providers.voters.registry import WIRES
from tests.providers import recordings
from tests.providers.recordings import Exchange

pytestmark = pytest.mark.recorded

LISTED = {"openrouter": "openrouter", "xai": "x-ai", "perplexity": "perplexity"}
TICKS = 10**10
# A web search, which we never ask for, is on that bill.
SEARCHED = "test_openrouter_web"


def billed(exchange: Exchange) -> Decimal | None:
    """Return what the provider says that its answer costs, in US dollars."""
    usage: Any = exchange.raw.get("usage", {})
    match exchange.folder:
        case "openrouter" if "cost" in usage:
            return Decimal(str(usage["cost"]))
        case "xai":
            return Decimal(usage["cost_in_usd_ticks"]) / TICKS
        case "perplexity":
            return Decimal(str(usage["cost"]["total_cost"]))
    return None


def reckoned(exchange: Exchange) -> Decimal:
    assert exchange.wire is not None
    price = prices.find(None, listed_as=LISTED[exchange.folder], model=str(exchange.raw["model"]))
    usage = price.usage(exchange.raw, WIRES[exchange.wire].counters)
    assert usage is not None
    return usage.cost_usd


def test_what_we_book_is_what_the_provider_bills_cached_and_reasoning_tokens_included() -> None:
    bills = {one.name: (one, billed(one)) for one in recordings.successes() if billed(one) is not None}
    equal = [name for name, (one, bill) in bills.items() if reckoned(one) == bill]
    assert len(equal) >= 29
    for name in set(bills) - set(equal):
        one, bill = bills[name]
        assert bill is not None
        # The dearest of Perplexity's fees for a search is booked, never less than was billed.
        assert (one.folder == "perplexity" and reckoned(one) >= bill) or SEARCHED in name, name


def test_a_stated_price_heeds_what_each_wire_says_was_cached() -> None:
    price = prices.find("2/0/0.5", listed_as="whoever", model="whatever")
    seen = set()
    for one in recordings.successes():
        assert one.wire is not None
        cached = _cached(one)
        usage = price.usage(one.raw, WIRES[one.wire].counters)
        if usage is None or not cached:
            continue
        seen.add(one.wire)
        cached = min(cached, usage.tokens_in)  # one vendor's gateway counts more of them than there are
        expected = (2 * (usage.tokens_in - cached) + Decimal("0.5") * cached) / 1_000_000
        assert usage.cost_usd == expected, one.name
    assert seen == set(WIRES)


def _cached(exchange: Exchange) -> int:
    """Return how many tokens were read from a cache, in the words of each wire."""
    raw: Any = exchange.raw
    usage = raw.get("usage") or raw.get("usageMetadata") or {}
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    counts = (
        details.get("cached_tokens"),
        usage.get("cache_read_input_tokens"),
        usage.get("cachedContentTokenCount"),
    )
    return next((int(count) for count in counts if count), 0)
