"""What the market shows now, and how old a brief has become since."""

import math
from datetime import timedelta

import pytest

from providers.errors import MarketUnavailable
from tests import seeds
from thalas import models
from thalas.selectors import clock, markets

pytestmark = pytest.mark.usefixtures("house")
DAY = timedelta(days=1)


def test_a_brief_shows_what_had_closed_at_the_tapes_time() -> None:
    # DAYS_IN is ten days and six hours into the tape: the last daily close was six hours ago.
    brief = markets.snapshot(["BTC/USD", "ETH/USD"], "1d", now=clock.now())
    tape = models.ReplayTape.objects.get()
    assert [market.symbol for market in brief.markets] == ["BTC/USD", "ETH/USD"]
    assert {market.closed_at for market in brief.markets} == {tape.starts_at + 10 * DAY}
    assert not any(market.faults for market in brief.markets)


@pytest.mark.parametrize(("moved", "age"), [(timedelta(0), 0.25), (DAY, 1.25), (3 * DAY, 3.25)])
def test_the_age_of_a_brief_is_counted_in_candles(moved: timedelta, age: float) -> None:
    now = clock.now()
    brief = markets.snapshot(["BTC/USD", "ETH/USD"], "1d", now=now)
    tape = models.ReplayTape.objects.get()
    models.ReplayTape.objects.update(market_anchor_at=tape.market_anchor_at + moved)
    assert markets.ages_candles(brief, markets.tape(now=now)) == [pytest.approx(age, abs=1e-3)] * 2


def test_a_tape_that_has_started_over_counts_its_whole_length() -> None:
    now = clock.now()
    brief = markets.snapshot(["BTC/USD"], "1d", now=now)
    tape = models.ReplayTape.objects.get()
    models.ReplayTape.objects.update(lap=2)
    length = (tape.ends_at - tape.starts_at) / DAY
    assert markets.ages_candles(brief, markets.tape(now=now)) == [pytest.approx(0.25 + 2 * length, abs=1e-3)]


def test_without_a_clock_the_age_is_no_number_and_nothing_can_be_shown() -> None:
    brief = markets.snapshot(["BTC/USD"], "1d", now=clock.now())
    models.ReplayTape.objects.all().delete()
    assert all(math.isnan(age) for age in markets.ages_candles(brief, markets.tape_or_none(now=clock.now())))
    with pytest.raises(MarketUnavailable, match="sync_schedule"):
        markets.snapshot(["BTC/USD"], "1d", now=clock.now())


def test_a_later_lap_is_marked_in_its_briefs() -> None:
    models.ReplayTape.objects.update(lap=3)
    assert markets.snapshot(["BTC/USD"], "1d", now=clock.now()).markets[0].lap == 3


def test_the_tape_goes_at_its_speed() -> None:
    now = clock.now()
    models.ReplayTape.objects.update(anchor_at=now, speed=86_400.0)
    first = markets.tape(now=now).at.market_at
    assert markets.tape(now=now + timedelta(seconds=2)).at.market_at == first + 2 * DAY


def test_the_offers_are_those_of_the_recordings() -> None:
    assert markets.offers()["BTC/USD"] == ("1h", "1d")
    assert seeds.question().timeframe in markets.offers()["LTC/USD"]
