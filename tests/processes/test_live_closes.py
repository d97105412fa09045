"""A close under a live market: judged by what its opening fetched and the broker kept, by nothing else."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings

from tests.providers.markets.krakens import Kraken, kraken
from tests.thalas.management import terminals
from tests.thalas.services import councils_at_work as council
from thalas import env, models
from thalas.selectors import clock
from thalas.services import closings

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("celery_broker_cluster")]


@pytest.fixture
def live(house: None, settings: LazySettings) -> Iterator[Kraken]:
    with kraken(datetime.now(UTC)) as played:
        settings.THALAS = env.read(
            {"MARKET": "kraken", "MARKET_BASE_URL": played.base_url, "MARKET_SYMBOLS": "BTC/USD,ETH/USD"}
        )
        assert terminals.run("sync_schedule").code == 0
        yield played


def hold_ether() -> None:
    models.Position.objects.create(
        account_id="demo",
        symbol="ETH/USD",
        market_type="crypto",
        amount=Decimal("0.01"),
        entry_price=Decimal(30_000),
        opened_at=clock.now() - timedelta(days=1),
    )


def bought(live: Kraken, run: models.Run) -> dict[str, str]:
    """Return how each risk check ends on *run*, which everybody buys and for which nobody is asked again."""
    council.everyone(run, council.buy(run))
    asked, live.status = live.asked.total(), 503
    closings.close_run(run.pk, by="chord", reason="every vote is in", now=clock.now())
    assert live.asked.total() == asked
    return {check["code"]: check["outcome"] for check in models.DecisionLeg.objects.get().checks}


def test_a_close_is_judged_by_the_candles_that_its_opening_fetched(live: Kraken) -> None:
    hold_ether()
    outcomes = bought(live, council.opened("BTC/USD", timeframe="1h"))
    for code in ("portfolio_age", "price_collar", "liquidity", "correlation", "value_at_risk"):
        assert outcomes[code] in {"passed", "resized"}, code
    assert live.asked["OHLC"] == 3  # the hours of what is asked about, and its days and those of what is held


def test_candles_that_nobody_has_fetched_veto_and_no_close_waits_for_an_exchange(live: Kraken) -> None:
    run = council.opened("BTC/USD", timeframe="1h")
    hold_ether()
    assert bought(live, run)["value_at_risk"] == "not_computable"
