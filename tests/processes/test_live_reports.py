"""The risk of an account on an exchange: whoever looks lets candles be fetched, and sees what is missing."""

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import LazySettings

from tests.providers.markets.krakens import kraken
from tests.thalas.management import terminals
from thalas import env, models
from thalas.selectors import clock, reports

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("celery_broker_cluster")]


@pytest.fixture
def live(house: None, settings: LazySettings) -> Iterator[None]:
    with kraken(datetime.now(UTC)) as played:
        settings.THALAS = env.read(
            {"MARKET": "kraken", "MARKET_BASE_URL": played.base_url, "MARKET_SYMBOLS": "BTC/USD, ETH/USD"}
        )
        assert terminals.run("sync_schedule").code == 0
        yield


def held(symbol: str) -> None:
    models.Position.objects.create(
        account_id="demo",
        symbol=symbol,
        market_type="crypto",
        amount=Decimal("0.001"),
        entry_price=Decimal(60_000),
        opened_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def test_the_candles_of_what_is_held_are_fetched_for_whoever_looks(live: None) -> None:
    held("BTC/USD")
    report = reports.report("demo", now=clock.now())
    assert report.gap == ""
    assert report.reading is not None
    assert str(report.reading.metrics["method"]).startswith("historical: ")


def test_what_the_exchange_is_not_asked_about_has_no_price(live: None) -> None:
    held("LTC/USD")
    assert "no daily candles of LTC/USD" in reports.report("demo", now=clock.now()).gap


def test_on_an_exchange_that_lacks_a_symbol_of_the_plan_no_paper_is_made(live: None) -> None:
    said = terminals.run("demo_account")
    assert said.code == 2
    assert "the market has no price of LTC/USD 5 days ago" in said.refusal
    assert models.Position.objects.count() == 0
