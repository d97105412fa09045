"""What voters are shown of a market: each number of it can be got back, to the digits that are stated."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.voters import sheets
from providers.voters.types import Brief, BriefCandle, SymbolBrief
from tests.providers.voters.samples import INDICATORS, NOON

HOUR = timedelta(hours=1)


@st.composite
def markets(draw: st.DrawFn) -> SymbolBrief:
    """Return a market of any price level whose candles may be anything but not finite."""
    level = 10.0 ** draw(st.integers(-8, 9))
    price = st.floats(0.5, 2.0).map(lambda part: part * level)
    size = 10.0 ** draw(st.integers(-6, 9))
    candles: list[BriefCandle] = []
    for place in range(draw(st.integers(1, 40))):
        opened_at = NOON + place * HOUR + draw(st.sampled_from([timedelta(0)] * 9 + [timedelta(minutes=7)]))
        opened = candles[-1].close if len(candles) > 0 and draw(st.booleans()) else draw(price)
        high, low, close = (draw(price) for _ in range(3))
        volume = draw(st.just(0.0) | st.floats(0, 1).map(lambda part: part * size))
        candles.append(
            BriefCandle(opened_at=opened_at, open=opened, high=high, low=low, close=close, volume=volume)
        )
    values = st.floats(allow_nan=False, allow_infinity=False)
    return SymbolBrief(
        symbol="A/B",
        price=candles[-1].close,
        closed_at=candles[-1].opened_at + HOUR,
        candles=tuple(candles),
        indicators=draw(st.dictionaries(st.sampled_from(["sma_20", "rsi_14", "macd"]), values)),
        source="test",
        sha256="0" * 64,
    )


def shown(*of: SymbolBrief) -> Any:
    """Return the sheet as a model gets it."""
    return orjson.loads(orjson.dumps(sheets.sheet(Brief(timeframe="1h", as_of=NOON, markets=of))))


def decoded(told: Any) -> list[tuple[datetime, float, float, float, float, float]]:
    """Return when each candle opened, open, high, low, close and volume, by the prompt's own words."""
    unit, volume_unit = told["price_unit"], told["volume_unit"]
    times = told["opened_at"]
    if isinstance(times, str):
        first = datetime.fromisoformat(times)
        times = [(first + place * HOUR).isoformat() for place in range(len(told["candles"]))]
    candles = []
    before = None
    for at, (close, upper, lower, volume, *apart) in zip(times, told["candles"], strict=True):
        opened = apart[0] if apart else before
        high, low = max(opened, close) + upper, min(opened, close) - lower
        moment = datetime.fromisoformat(at)
        candles.append((moment, opened * unit, high * unit, low * unit, close * unit, volume * volume_unit))
        before = close
    return candles


@given(markets())
def test_every_candle_can_be_got_back_to_half_a_unit(market: SymbolBrief) -> None:
    told = shown(market)["markets"][0]
    unit, volume_unit = told["price_unit"], told["volume_unit"]
    for (at, *prices, volume), candle in zip(decoded(told), market.candles, strict=True):
        assert at == candle.opened_at
        for price, true in zip(prices, (candle.open, candle.high, candle.low, candle.close), strict=True):
            assert abs(price - true) <= unit / 2 * (1 + 1e-6) + abs(true) * 1e-9
        assert abs(volume - candle.volume) <= volume_unit / 2 * (1 + 1e-6)


@given(markets())
def test_a_unit_is_a_power_of_ten_and_fine_enough(market: SymbolBrief) -> None:
    told = shown(market)["markets"][0]
    unit, volume_unit = told["price_unit"], told["volume_unit"]
    for one in (unit, volume_unit):
        assert math.log10(one) == pytest.approx(round(math.log10(one)))
    ranges = [abs(candle.high - candle.low) for candle in market.candles]
    mean, largest = sum(ranges) / len(ranges), max(candle.volume for candle in market.candles)
    if mean:
        assert mean / 500 * 0.999 <= unit <= mean / 50 * 1.001
    if largest > 1e-12:
        assert largest / volume_unit <= 1_000
        assert volume_unit <= largest / 99


@given(markets())
def test_indicators_are_exact_to_five_digits_and_the_price_to_all(market: SymbolBrief) -> None:
    told = shown(market)["markets"][0]
    assert told["price"] == market.price
    assert set(told["indicators"]) == set(market.indicators)
    for name, value in market.indicators.items():
        assert abs(told["indicators"][name] - value) <= 0.5e-4 * abs(value) * (1 + 1e-9)


def a_market(**changed: object) -> SymbolBrief:
    """Return a market of two candles: 100 → 101 with shadows of 1 and 2, then 101 → 99.5."""
    first = BriefCandle(opened_at=NOON, open=100.0, high=102.0, low=98.0, close=101.0, volume=250.0)
    second = BriefCandle(opened_at=NOON + HOUR, open=101.0, high=101.5, low=99.0, close=99.5, volume=1_000.0)
    fields: dict[str, object] = {
        "symbol": "BTC/USD",
        "price": 99.5,
        "closed_at": NOON + 2 * HOUR,
        "candles": (first, second),
        "indicators": {"sma_20": 6418.901999, "rsi_14": 38.0, "volatility_20": 0.00131186},
        "source": "test",
        "sha256": "0" * 64,
    }
    return SymbolBrief.model_validate({**fields, **changed})


def test_what_a_sheet_looks_like() -> None:
    # The mean range is (4 + 2.5) / 2 = 3.25, its fiftieth 0.065, so prices are in hundredths.
    assert shown(a_market())["markets"] == [
        {
            "symbol": "BTC/USD",
            "source": "test",
            "price": 99.5,
            "closed_at": "2026-01-05T14:00Z",
            "price_unit": 0.01,
            "volume_unit": 10,
            "opened_at": "2026-01-05T12:00Z",
            "candles": [[10_100, 100, 200, 25, 10_000], [9_950, 50, 50, 100]],
            "indicators": {"sma_20": 6418.9, "rsi_14": 38, "volatility_20": 0.0013119},
            "faults": [],
        }
    ]


def test_a_number_that_would_round_to_infinity_is_shown_as_it_is() -> None:
    told = shown(a_market(indicators={"sma_20": 1.7976931348623157e308}))["markets"][0]
    assert told["indicators"] == {"sma_20": 1.7976931348623157e308}


def test_candles_that_do_not_follow_at_once_have_their_times() -> None:
    first, second = a_market().candles
    late = second.model_copy(update={"opened_at": NOON + 2 * HOUR})
    told = shown(a_market(candles=(first, late)))["markets"][0]
    assert told["opened_at"] == ["2026-01-05T12:00Z", "2026-01-05T14:00Z"]


def test_a_price_that_never_moved_and_no_volume_have_units_as_well() -> None:
    still = BriefCandle(opened_at=NOON, open=5.0, high=5.0, low=5.0, close=5.0, volume=0.0)
    told = shown(a_market(candles=(still,)))["markets"][0]
    # A hundred-thousandth of the price of 99.5 is 0.000995, the next power of ten below it 0.0001.
    assert (told["price_unit"], told["volume_unit"]) == (0.0001, 1)
    assert told["candles"] == [[50_000, 0, 0, 0, 50_000]]


def test_what_came_with_the_question_is_shown_as_it_came() -> None:
    market = SymbolBrief(
        symbol="A/B",
        price=1.23456789,
        closed_at=NOON,
        candles=(),
        indicators=INDICATORS,
        context={"news": "none"},
        source="given",
        sha256="0" * 64,
    )
    assert shown(market)["markets"] == [
        {
            "symbol": "A/B",
            "source": "given",
            "price": 1.23456789,
            "indicators": INDICATORS,
            "context": {"news": "none"},
        }
    ]


def test_a_moment_is_as_short_as_it_is_exact() -> None:
    moments = {0: "2026-01-05T12:00Z", 5: "2026-01-05T12:00:05Z"}
    for second, text in moments.items():
        at = datetime(2026, 1, 5, 12, 0, second, tzinfo=UTC)
        assert shown(a_market(closed_at=at))["markets"][0]["closed_at"] == text
    half = NOON + timedelta(microseconds=500_000)
    assert shown(a_market(closed_at=half))["markets"][0]["closed_at"] == "2026-01-05T12:00:00.500000Z"
