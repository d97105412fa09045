"""The risk of an account on an exchange: whoever looks lets candles be fetched, and sees what is missing."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.providers.markets.krakens import Kraken
from tests.thalas.management import terminals
from thalas import models
from thalas.selectors import clock, histories, reports

pytestmark = pytest.mark.processes


def held(symbol: str) -> None:
    models.Position.objects.create(
        account_id="demo",
        symbol=symbol,
        market_type="crypto",
        amount=Decimal("0.001"),
        entry_price=Decimal(60_000),
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_the_candles_of_what_is_held_are_fetched_for_whoever_looks(live_market: Kraken) -> None:
    held("BTC/USD")
    report = reports.report("demo", now=clock.now())
    assert report.gap == ""
    assert report.reading is not None
    assert str(report.reading.metrics["method"]).startswith("historical: ")


def test_what_the_exchange_is_not_asked_about_has_no_price(live_market: Kraken) -> None:
    held("LTC/USD")
    assert "no daily candles of LTC/USD" in reports.report("demo", now=clock.now()).gap


def test_on_an_exchange_that_lacks_a_symbol_of_the_plan_no_paper_is_made(live_market: Kraken) -> None:
    said = terminals.run("demo_account")
    assert said.code == 2
    assert "the market has no price of LTC/USD 5 days ago" in said.refusal
    assert models.Position.objects.count() == 0


def test_an_exchange_that_is_away_is_asked_for_one_symbol_and_not_for_all(live_market: Kraken) -> None:
    live_market.status = 503
    histories.freshen(["ETH/USD", "BTC/USD"], at=clock.now())
    asked = live_market.asked.total()
    # What an exchange could not say of a symbol is kept for a moment: of this one nobody has asked yet.
    histories.freshen(["BTC/USD"], at=clock.now())
    assert live_market.asked.total() > asked > 0
