"""What is held, read once: whatever does not fit together refuses, and says what it is."""

import numpy as np
import pytest

from risk import CheckOutcome, Limits, assess, flat
from risk.checks.cases import fitted
from risk.checks.rooms import room_for_shortfall
from tests.risk.cases import LIMITS, MARKET, NAN, PROPOSAL, finding, judge


@pytest.mark.parametrize(
    ("changes", "code", "told"),
    [
        (
            {"exposures_usd": np.array([1e308, 1e308, 1.0])},
            "total_exposure",
            "The sum of the exposures is inf",
        ),
        ({"market_types": ("crypto", "stamps", "equity")}, "leverage", "The market type held is 'stamps'"),
        ({"market_types": ("crypto", "equity")}, "leverage", "The list of market types held is a tuple"),
        ({"leverages": np.array([0.5, 1.0, 1.0])}, "leverage", "The row of leverages is a ndarray"),
        ({"leverage": 0.5}, "leverage", "The leverage of the order is 0.5"),
        ({"held_returns": np.zeros((2, 64))}, "correlation", "The history of what is held is a ndarray"),
        ({"held_returns": np.zeros((3, 63))}, "correlation", "The history of what is held is a ndarray"),
        ({"held_returns": np.zeros(64)}, "correlation", "The history of what is held is a ndarray"),
        ({"held_returns": np.full((3, 64), 1e308)}, "value_at_risk", "The history of returns is missing"),
        ({"held_returns": np.full((3, 64), NAN)}, "value_at_risk", "The history of returns is missing"),
        ({"returns": np.zeros(29)}, "slippage", "The history of the symbol is a ndarray"),
        ({"min_periods": 1}, "slippage", "The least number of periods is 1"),
        (
            {"tail_level": 0.99},
            "value_at_risk",
            "The tail is 0, but must be one of 64 periods at least, at 0.99",
        ),
        ({"tail_level": 1.0}, "expected_shortfall", "The level of the tail is 1"),
        ({"max_correlation": 1.5}, "correlation", "The correlation that counts is 1.5"),
        ({"symbol": ""}, "position_count", "The symbol is ''"),
        ({"symbol": ""}, "position_size", "The symbol is ''"),
        ({"symbol": None}, "open_orders", "The symbol is missing"),
        ({"volume_usd": 0.0}, "slippage", "The volume of the market is 0"),
    ],
)
def test_what_does_not_fit_refuses_and_says_what_it_is(
    changes: dict[str, object], code: str, told: str
) -> None:
    found = finding(code, **changes)
    assert found.outcome == "not_computable"
    assert found.message.startswith(told), found.message
    assert judge(**changes).outcome == "vetoed"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("position_count", "max_positions"),
        ("market_exposure", "max_crypto_pct"),
        ("total_exposure", "max_exposure_pct"),
        ("leverage", "max_leverage"),
        ("concentration", "max_concentration"),
        ("correlation", "max_correlated_pct"),
        ("liquidity", "max_volume_pct"),
        ("slippage", "max_slippage_pct"),
        ("value_at_risk", "max_var_pct"),
        ("expected_shortfall", "max_es_pct"),
        ("price_collar", "max_price_gap_pct"),
        ("daily_loss", "max_daily_loss_pct"),
        ("weekly_loss", "max_weekly_loss_pct"),
        ("drawdown", "max_drawdown_pct"),
        ("order_rate", "max_orders_per_hour"),
        ("portfolio_age", "max_age_candles"),
    ],
)
@pytest.mark.parametrize("rubbish", [None, NAN, -0.5, True])
def test_a_limit_that_makes_no_sense_refuses(code: str, name: str, rubbish: object) -> None:
    assert finding(code, **{name: rubbish}).outcome == "not_computable"


@pytest.mark.parametrize(
    "code",
    [
        "market_exposure",
        "total_exposure",
        "leverage",
        "concentration",
        "correlation",
        "liquidity",
        "slippage",
        "value_at_risk",
        "expected_shortfall",
        "regime",
    ],
)
def test_without_a_size_there_is_nothing_to_judge(code: str) -> None:
    assert finding(code, size_usd=None).outcome == "not_computable"


@pytest.mark.parametrize(
    "code", ["position_count", "market_exposure", "leverage", "concentration", "daily_loss", "value_at_risk"]
)
def test_without_equity_nothing_of_the_account_can_be_judged(code: str) -> None:
    assert finding(code, equity_usd=0.0).outcome == "not_computable"


def test_a_position_that_never_moves_counts_as_correlated() -> None:
    still = np.zeros((3, 64))
    assert finding("correlation", held_returns=still).value == 3500.0
    assert finding("correlation", returns=np.zeros(64)).value == 3500.0


def test_a_short_of_what_moves_with_the_symbol_does_not_count_with_a_buy_of_it() -> None:
    moves = np.stack([MARKET.returns] * 3) if MARKET.returns is not None else np.empty((0, 0))
    assert finding("correlation", held_returns=moves).value == 3000.0
    sell = {"action": "SELL", "stop": 105.0, "target": 90.0, "held_returns": moves}
    assert finding("correlation", **sell).value == 1500.0


def test_an_account_that_holds_nothing_is_flat_and_may_buy() -> None:
    verdict = assess(PROPOSAL, flat(10_000.0), MARKET, LIMITS)
    assert (verdict.outcome, verdict.size_usd) == ("approved", 1000.0)
    assert assess(PROPOSAL, flat(10_000.0), MARKET, Limits(max_positions=0)).outcome == "vetoed"


def test_room_that_rounding_made_too_much_is_made_to_fit() -> None:
    assert fitted(1.0, 8.0, lambda room: room <= 1.0) == 1.0
    assert 1.0 - 1e-14 < fitted(1.0, 8.0, lambda room: room < 1.0) < 1.0
    assert fitted(1.0, 8.0, lambda room: False) == 0.0


def test_a_limit_that_is_no_number_leaves_no_room() -> None:
    base, unit = np.zeros(4), np.ones(4)
    assert room_for_shortfall(base, unit, limit=NAN, whole=1, rest=0.0) == 0.0


def test_two_outcomes_veto() -> None:
    vetoes = [outcome.value for outcome in CheckOutcome if outcome.is_veto]
    assert vetoes == ["failed", "not_computable"]
