"""An exchange instead of the replay: the same briefs, runs and schedules, at the database's own time."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings

from providers.errors import MarketUnavailable
from providers.markets import timeframes
from tests import seeds
from tests.providers.markets.krakens import Kraken, kraken
from tests.thalas.management import terminals
from thalas import env, models
from thalas.domain import briefs
from thalas.selectors import clock, markets, slots
from thalas.services import councils, schedules

DAY = timedelta(days=1)


@pytest.fixture
def served(house: None, settings: LazySettings) -> Iterator[Kraken]:
    with kraken(datetime.now(UTC)) as played:
        settings.THALAS = env.read(
            {"MARKET": "kraken", "MARKET_BASE_URL": played.base_url, "MARKET_SYMBOLS": "btc/usd, ETH/USD"}
        )
        yield played


@pytest.fixture
def live(served: Kraken) -> Kraken:
    assert terminals.run("sync_schedule").code == 0
    return served


def test_until_the_clock_is_set_the_replays_clock_is_not_taken_for_the_exchanges(served: Kraken) -> None:
    with pytest.raises(MarketUnavailable, match=r"MARKET=kraken has no clock yet; `manage\.py "):
        markets.snapshot(["BTC/USD"], "1d", now=clock.now())
    assert markets.tape_or_none(now=clock.now()) is None


def test_a_live_market_shows_the_databases_time_and_keeps_doing_so(live: Kraken) -> None:
    for later in (timedelta(0), timedelta(hours=3), 400 * DAY):
        now = clock.now() + later
        shown = markets.tape(now=now).at
        assert abs(shown.market_at - now) < timedelta(milliseconds=1)
    before = models.ReplayTape.objects.values().get()
    assert terminals.run("sync_schedule").code == 0
    assert models.ReplayTape.objects.values().get() == before


def test_a_run_on_live_candles_is_opened_with_their_origin_in_its_brief(live: Kraken) -> None:
    run = councils.open_question(seeds.question("BTC/USD"), now=clock.now())
    (market,) = briefs.decode(run.brief.payload).markets
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert (market.source, market.closed_at, market.faults) == ("ccxt:kraken", today, ())
    assert market.fetched_at is not None
    assert abs(market.fetched_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert market.price == live.price(today - DAY)
    (age,) = markets.ages_candles(briefs.decode(run.brief.payload), markets.tape(now=clock.now()))
    assert 0 <= age < 1.1


def test_an_exchange_that_is_away_is_one_line_and_no_run(live: Kraken) -> None:
    live.status = 503
    said = terminals.run("consensus", "BTC/USD")
    assert (said.code, said.out) == (2, "")
    assert said.refusal.startswith("kraken cannot be reached now (")
    assert "\n" not in said.refusal
    assert not models.Run.objects.exists()


def test_a_schedule_whose_exchange_is_away_has_a_failed_slot_that_says_so(live: Kraken) -> None:
    live.status = 503
    models.Watchlist.objects.update(symbols=["BTC/USD"])
    models.Schedule.objects.update(is_enabled=True)
    schedule = models.Schedule.objects.filter(cadence=models.Schedule.Cadence.CANDLE).first()
    assert schedule is not None
    due_at = clock.now() + timeframes.length(schedule.timeframe)
    slot = schedules.tick(schedule.pk, now=due_at)[-1]
    assert slot.state == models.Slot.State.FAILED
    assert slot.reason.startswith("kraken cannot be reached now (")
    assert slot.run is None


def test_candles_of_a_live_market_fall_due_as_they_close(live: Kraken) -> None:
    schedule = models.Schedule.objects.filter(cadence=models.Schedule.Cadence.CANDLE).first()
    assert schedule is not None
    step = timeframes.length(schedule.timeframe)
    now = clock.now()
    due = slots.due_since(schedule, now, until=now + 3 * step)
    assert [item.due_at for item in due] == [item.market_at for item in due]
    assert len(due) == 3


def test_a_replay_after_a_live_market_is_on_a_lap_of_its_own(live: Kraken, settings: LazySettings) -> None:
    schedule = models.Schedule.objects.filter(cadence=models.Schedule.Cadence.CANDLE).first()
    assert schedule is not None
    at = clock.now()
    # Others have looked at the exchange's clock, and one has not: that is no business of the replay's.
    models.Schedule.objects.update(is_enabled=True)
    models.ReplayTape.objects.update(anchor_at=at - 3 * DAY, market_anchor_at=at - 3 * DAY)
    models.Schedule.objects.update(starts_at=at - 3 * DAY, ticked_at=at - 2 * DAY)
    models.Schedule.objects.filter(pk=schedule.pk).update(ticked_at=at)
    models.Slot.objects.create(
        schedule=schedule, due_at=at, market_at=at, lap=0, state="missed", reason="", created_at=at
    )
    settings.THALAS = env.read({})
    assert terminals.run("sync_schedule").code == 0
    tape = models.ReplayTape.objects.get()
    assert tape.lap == 1
    assert tape.ends_at < at
    assert markets.snapshot(["BTC/USD"], "1d", now=clock.now()).markets[0].source == "replay:bitstamp"


# --- the command ---------------------------------------------------------------------------------


def test_the_market_is_shown_with_its_newest_candles_and_tickers(live: Kraken) -> None:
    said = terminals.run("market", "btc/usd")
    assert said.code == 0
    assert said.out.startswith("kraken: candles as they close\n")
    assert "30,303.20" in said.out
    assert "ccxt" in said.out


def test_a_symbol_that_the_exchange_lacks_is_told_and_so_is_one_that_is_not_on_offer(
    live: Kraken, settings: LazySettings
) -> None:
    variables = {"MARKET": "kraken", "MARKET_BASE_URL": live.base_url, "MARKET_SYMBOLS": "BTC/USD,BTC/USDD"}
    settings.THALAS = env.read(variables)
    said = terminals.run("market")
    assert said.code == 1
    assert "BTC/USDD: kraken has no 'BTC/USDD'; it has BTC/USD, " in said.out
    assert terminals.run("market", "SOL/USD").refusal.endswith("the market has BTC/USD, BTC/USDD")


@pytest.mark.usefixtures("house")
def test_the_replay_is_shown_as_what_it_is() -> None:
    said = terminals.run("market", "BTC/USD", "--timeframe", "1h")
    assert said.code == 0
    assert said.out.startswith("replay: candles recorded, replayed\n")
    assert "replay:bitstamp" in said.out or "replay:" in said.out
