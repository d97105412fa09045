"""The five technical analysts: their rules on the boundary, and what holds for any market at all."""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.markets import timeframes
from providers.markets.replay import ReplayMarket
from providers.voters.analysts import ANALYSTS
from providers.voters.types import NOTHING, Abstention, Action, Brief, Opinion, RiskLevel, SymbolBrief, Voter
from thalas.domain import briefs

AT = datetime(2019, 1, 1, tzinfo=UTC)
NAMES = sorted({name for analyst in ANALYSTS.values() for name in analyst.needs})

# Price 100, ATR 4: a BUY has its stop at 100 - 2 * 4 = 92 and its target at 100 + 3 * 4 = 112.
UP = {"atr_14": 4.0, "atr_pct": 4.0, "volatility_rank_100": 0.5}
TREND = UP | {"sma_50": 95.0, "sma_200": 90.0, "adx_14": 35.0, "plus_di_14": 30.0, "minus_di_14": 10.0}
MOMENTUM = UP | {"macd_hist": 1.0, "roc_10": 6.0, "rsi_14": 60.0}
REVERSION = UP | {"bb_lower_20": 100.0, "bb_upper_20": 120.0, "rsi_14": 35.0, "adx_14": 20.0}
BREAKOUT = UP | {"donchian_high_20": 98.0, "donchian_low_20": 80.0}
VOLATILITY = UP | {"volatility_rank_100": 0.15, "volatility_20": 0.02, "sma_20": 98.0, "sma_50": 95.0}


def make_market(
    indicators: dict[str, float], *, price: float = 100.0, symbol: str = "BTC/USD"
) -> SymbolBrief:
    return SymbolBrief(
        symbol=symbol, price=price, closed_at=AT, candles=(), indicators=indicators, source="test", sha256=""
    )


def make_brief(*markets: SymbolBrief) -> Brief:
    return Brief(timeframe="1d", as_of=AT, markets=markets)


def answer(name: str, indicators: dict[str, float], *, price: float = 100.0) -> Opinion | Abstention:
    brief = make_brief(make_market(indicators, price=price))
    (only,) = ANALYSTS[name].ask(brief, timeout_s=1.0).opinions
    return only


def verdict(name: str, indicators: dict[str, float], *, price: float = 100.0) -> str:
    given_answer = answer(name, indicators, price=price)
    return "ABSTAINS" if isinstance(given_answer, Abstention) else given_answer.action.value


def opinion(name: str, indicators: dict[str, float], *, price: float = 100.0) -> Opinion:
    given_answer = answer(name, indicators, price=price)
    assert isinstance(given_answer, Opinion), given_answer.reasoning
    return given_answer


def test_every_analyst_is_a_voter_that_costs_nothing() -> None:
    voters: list[Voter] = list(ANALYSTS.values())
    assert list(ANALYSTS) == ["trend", "momentum", "mean_reversion", "breakout", "volatility"]
    assert {voter.worst_case(make_brief()) for voter in voters} == {NOTHING}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "BUY"),
        ({"adx_14": 20.0}, "BUY"),
        ({"adx_14": 19.9}, "HOLD"),
        ({"adx_14": 15.0}, "HOLD"),
        ({"adx_14": 14.9}, "ABSTAINS"),
        ({"sma_50": 100.0}, "HOLD"),  # the close is at its average, not above
        ({"sma_200": 95.0}, "HOLD"),
        ({"plus_di_14": 10.0}, "HOLD"),  # both directions equal
        ({"sma_50": 105.0, "sma_200": 110.0, "plus_di_14": 10.0, "minus_di_14": 30.0}, "SELL"),
        ({"sma_50": 105.0, "sma_200": 110.0}, "HOLD"),  # averages fall, directions rise
    ],
)
def test_trend_follows_averages_in_order(change: dict[str, float], expected: str) -> None:
    assert verdict("trend", TREND | change) == expected


def test_trend_tells_its_numbers() -> None:
    voice = opinion("trend", TREND)
    assert voice.reasoning == (
        "uptrend: close 100.00 above SMA50 95.00 above SMA200 90.00, ADX 35, +DI 30, -DI 10"
    )
    # halfway from ADX 20 to ADX 50: 0.50 + 0.35 / 2
    assert voice.confidence == pytest.approx(0.675)
    assert (voice.stop, voice.target) == (92.0, 112.0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "BUY"),
        ({"rsi_14": 50.0}, "HOLD"),
        ({"rsi_14": 69.9}, "BUY"),
        ({"rsi_14": 70.0}, "HOLD"),  # overbought
        ({"macd_hist": 0.0}, "HOLD"),
        ({"roc_10": -1.0}, "HOLD"),
        ({"macd_hist": -1.0, "roc_10": -6.0, "rsi_14": 40.0}, "SELL"),
        ({"macd_hist": -1.0, "roc_10": -6.0, "rsi_14": 30.0}, "HOLD"),  # oversold
    ],
)
def test_momentum_wants_three_signs_on_one_side(change: dict[str, float], expected: str) -> None:
    assert verdict("momentum", MOMENTUM | change) == expected


def test_momentum_is_as_sure_as_the_move_is_large_for_its_range() -> None:
    # ATR 4 % for 10 candles: chance alone moves 4 * sqrt(10) = 12.65 %; 6 % is 0.474 of it
    assert opinion("momentum", MOMENTUM).confidence == pytest.approx(0.5 + 0.35 * 6 / (4 * math.sqrt(10)))
    assert opinion("momentum", MOMENTUM | {"roc_10": 13.0}).confidence == pytest.approx(0.85)
    # RSI 77.5 is halfway from 70 to 85
    assert opinion("momentum", MOMENTUM | {"rsi_14": 77.5}).confidence == pytest.approx(0.675)


@pytest.mark.parametrize(
    ("change", "price", "expected"),
    [
        ({}, 100.0, "BUY"),  # at the lower band
        ({}, 102.0, "BUY"),  # a tenth of the band's width of 20
        ({}, 102.1, "HOLD"),
        ({"rsi_14": 40.0}, 100.0, "HOLD"),
        ({"rsi_14": 65.0}, 118.0, "SELL"),
        ({"rsi_14": 60.0}, 118.0, "HOLD"),
        ({"adx_14": 29.9}, 100.0, "BUY"),
        ({"adx_14": 30.0}, 100.0, "ABSTAINS"),
        ({"bb_upper_20": 100.0}, 100.0, "ABSTAINS"),  # no width
    ],
)
def test_mean_reversion_buys_low_and_sells_high_in_its_band(
    change: dict[str, float], price: float, expected: str
) -> None:
    assert verdict("mean_reversion", REVERSION | change, price=price) == expected


def test_mean_reversion_is_surest_far_outside_and_holds_surest_in_the_middle() -> None:
    # 97 is -3 / 20 = -0.15 of the band, 0.25 beyond the tenth, half of what counts as far
    assert opinion("mean_reversion", REVERSION, price=97.0).confidence == pytest.approx(0.675)
    assert opinion("mean_reversion", REVERSION, price=110.0).confidence == pytest.approx(0.85)
    assert opinion("mean_reversion", REVERSION, price=105.0).confidence == pytest.approx(0.675)


@pytest.mark.parametrize(
    ("price", "expected"),
    [(98.01, "BUY"), (98.0, "HOLD"), (89.0, "HOLD"), (80.0, "HOLD"), (79.99, "SELL")],
)
def test_breakout_goes_with_a_close_outside_the_range(price: float, expected: str) -> None:
    assert verdict("breakout", BREAKOUT, price=price) == expected


def test_breakout_counts_the_distance_in_atr() -> None:
    assert opinion("breakout", BREAKOUT).confidence == pytest.approx(0.675)  # 2 beyond 98, of ATR 4
    assert opinion("breakout", BREAKOUT, price=103.0).confidence == pytest.approx(0.85)
    assert opinion("breakout", BREAKOUT, price=89.0).confidence == pytest.approx(0.85)  # the middle
    assert verdict("breakout", BREAKOUT | {"donchian_low_20": 98.0}) == "ABSTAINS"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "BUY"),
        ({"volatility_rank_100": 0.3}, "BUY"),
        ({"volatility_rank_100": 0.31}, "ABSTAINS"),
        ({"volatility_rank_100": 0.79}, "ABSTAINS"),
        ({"sma_50": 100.0}, "HOLD"),  # calm, not rising
        ({"volatility_rank_100": 0.8}, "HOLD"),  # stormy, not falling: 100 is above SMA20
        ({"volatility_rank_100": 0.8, "sma_20": 101.0}, "SELL"),
    ],
)
def test_volatility_takes_risk_in_calm_and_gives_it_back_in_storm(
    change: dict[str, float], expected: str
) -> None:
    assert verdict("volatility", VOLATILITY | change) == expected


def test_volatility_is_surest_at_the_ends_of_the_rank() -> None:
    assert opinion("volatility", VOLATILITY).confidence == pytest.approx(0.675)  # 0.15 of 0.3
    storm = VOLATILITY | {"volatility_rank_100": 1.0, "sma_20": 101.0}
    assert opinion("volatility", storm).confidence == pytest.approx(0.85)


@pytest.mark.parametrize(
    ("rank", "atr_pct", "expected"),
    [
        (0.8, 1.0, RiskLevel.HIGH),
        (0.1, 8.0, RiskLevel.HIGH),
        (0.79, 7.99, RiskLevel.MEDIUM),
        (0.31, 3.0, RiskLevel.MEDIUM),
        (0.3, 3.01, RiskLevel.MEDIUM),
        (0.3, 3.0, RiskLevel.LOW),
        (None, 3.0, RiskLevel.LOW),
        (None, None, RiskLevel.MEDIUM),
    ],
)
def test_the_risk_level_comes_from_volatility_and_range(
    rank: float | None, atr_pct: float | None, expected: RiskLevel
) -> None:
    known = {"volatility_rank_100": rank, "atr_pct": atr_pct}
    indicators = {name: value for name, value in (TREND | known).items() if value is not None}
    assert opinion("trend", indicators).risk_level is expected


def test_a_sell_has_its_stop_above_and_its_target_below() -> None:
    voice = opinion("breakout", BREAKOUT | {"donchian_low_20": 101.0, "donchian_high_20": 110.0})
    assert (voice.action, voice.stop, voice.target) == (Action.SELL, 108.0, 88.0)


@pytest.mark.parametrize("atr", [0.0, -1.0, 50.0, 1e308, 1e-300])
def test_where_no_bracket_fits_the_analyst_abstains(atr: float) -> None:
    # with ATR 50 the stop of a BUY would be at 100 - 2 * 50 = 0
    said = answer("trend", TREND | {"atr_14": atr})
    assert isinstance(said, Abstention)
    assert "no stop and target can be set around 100.00" in said.reasoning


@pytest.mark.parametrize("name", ANALYSTS)
def test_an_analyst_without_its_indicators_abstains_and_names_them(name: str) -> None:
    needs = ANALYSTS[name].needs
    said = answer(name, dict.fromkeys(needs[1:-1], 1.0))
    assert said == Abstention(symbol="BTC/USD", reasoning=f"missing indicators: {needs[0]}, {needs[-1]}")


def test_faulty_data_is_left_to_the_risk_gate() -> None:
    sound = make_market(TREND)
    faulty = sound.model_copy(update={"faults": ("stale: very",)})
    trend = ANALYSTS["trend"]
    assert trend.ask(make_brief(sound), timeout_s=1.0) == trend.ask(make_brief(faulty), timeout_s=1.0)


ODD = st.sampled_from([0.0, -0.0, 5e-324, 1e308, -1e308, 0.3, 15.0, 20.0, 50.0, 100.0])
VALUES = st.floats(allow_nan=False, allow_infinity=False) | ODD | st.floats(0, 200)
LEVELS = ("sma_20", "sma_50", "sma_200", "bb_lower_20", "bb_upper_20", "donchian_high_20", "donchian_low_20")


@st.composite
def markets(draw: st.DrawFn, symbol: str) -> SymbolBrief:
    indicators = draw(st.dictionaries(st.sampled_from(NAMES), VALUES))
    return make_market(indicators, price=draw(VALUES), symbol=symbol)


@st.composite
def likely_markets(draw: st.DrawFn, symbol: str) -> SymbolBrief:
    """Markets with every indicator, in ranges where the rules do give BUY and SELL."""
    price = draw(st.floats(1e-6, 1e6))
    indicators = {name: price * draw(st.floats(0.8, 1.2)) for name in LEVELS}
    for name in ("adx_14", "plus_di_14", "minus_di_14", "rsi_14"):
        indicators[name] = draw(st.floats(0, 100))
    indicators |= {"atr_14": price * draw(st.floats(0, 0.6)), "atr_pct": draw(st.floats(0, 60))}
    indicators |= {"macd_hist": draw(st.floats(-9, 9)), "roc_10": draw(st.floats(-90, 90))}
    indicators |= {"volatility_20": draw(st.floats(0, 1)), "volatility_rank_100": draw(st.floats(0, 1))}
    return make_market(indicators, price=price, symbol=symbol)


BRIEFS = st.integers(0, 3).flatmap(
    lambda count: st.tuples(*[markets(f"{i}/USD") | likely_markets(f"{i}/USD") for i in range(count)])
)


@pytest.mark.parametrize("name", ANALYSTS)
@given(BRIEFS)
def test_every_market_gets_one_sane_answer(name: str, asked: tuple[SymbolBrief, ...]) -> None:
    brief = make_brief(*asked)
    said = ANALYSTS[name].ask(brief, timeout_s=1.0)
    assert said == ANALYSTS[name].ask(brief, timeout_s=1.0)
    assert [one.symbol for one in said.opinions] == [market.symbol for market in asked]
    for one, market in zip(said.opinions, asked, strict=True):
        assert one.reasoning
        assert "\n" not in one.reasoning
        if isinstance(one, Abstention):
            continue
        assert 0.5 <= one.confidence <= 0.85
        if one.action is Action.HOLD:
            assert one.stop is one.target is None
            continue
        assert one.stop is not None
        assert one.target is not None
        low, high = sorted((one.stop, one.target))
        assert 0 < low < market.price < high < math.inf
        assert (one.stop < market.price) == (one.action is Action.BUY)


def recorded_briefs() -> Iterator[Brief]:
    """Every fourth day of the tape, all three symbols."""
    market = ReplayMarket()
    span = market.span()
    days = timeframes.closes_between("1d", after=span.starts_at, until=span.ends_at)
    for as_of in islice(days, 0, None, 4):
        series = [market.candles(symbol, "1d", until=as_of, count=250) for symbol in market.offers()]
        yield briefs.build(series, timeframe="1d", as_of=as_of)


def test_over_a_year_of_real_prices_every_analyst_uses_every_answer_it_has() -> None:
    said = {name: Counter[str]() for name in ANALYSTS}
    for brief in recorded_briefs():
        for name, analyst in ANALYSTS.items():
            for one in analyst.ask(brief, timeout_s=1.0).opinions:
                said[name]["ABSTAINS" if isinstance(one, Abstention) else one.action.value] += 1
    for name, counts in said.items():
        assert min(counts["BUY"], counts["SELL"], counts["HOLD"]) >= 0.02 * counts.total(), (name, counts)
        assert max(counts.values()) <= 0.95 * counts.total(), (name, counts)
