"""A close under a live market: judged by what its opening fetched and the broker kept, by nothing else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.providers.markets.krakens import Kraken
from tests.thalas.services import councils_at_work as council
from thalas import models
from thalas.selectors import clock
from thalas.services import closings

pytestmark = pytest.mark.processes


def hold_ether() -> None:
    models.Position.objects.create(
        account_id="demo",
        symbol="ETH/USD",
        market_type="crypto",
        amount=Decimal("0.01"),
        entry_price=Decimal(30_000),
        opened_at=clock.now() - timedelta(days=1),
    )


def bought(live_market: Kraken, run: models.Run) -> dict[str, str]:
    """Return how each risk check ends on *run*, which everybody buys and for which nobody is asked again."""
    council.everyone(run, council.buy(run))
    asked, live_market.status = live_market.asked.total(), 503
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    assert live_market.asked.total() == asked
    return {check["code"]: check["outcome"] for check in models.DecisionLeg.objects.get().checks}


def test_a_close_is_judged_by_the_candles_that_its_opening_fetched(live_market: Kraken) -> None:
    hold_ether()
    outcomes = bought(live_market, council.opened("BTC/USD", timeframe="1h"))
    for code in ("portfolio_age", "price_collar", "liquidity", "correlation", "value_at_risk"):
        assert outcomes[code] in {"passed", "resized"}, code
    assert live_market.asked["OHLC"] == 3  # hours and days of the one, days of the other


def test_candles_that_nobody_has_fetched_veto_and_no_close_waits_for_an_exchange(live_market: Kraken) -> None:
    run = council.opened("BTC/USD", timeframe="1h")
    hold_ether()
    assert bought(live_market, run)["value_at_risk"] == "not_computable"
