"""For each check six cases: it passes, exactly at its limit, one step over, missing, NaN, stale."""

from dataclasses import dataclass
from math import nextafter

import numpy as np

from risk import Policy
from risk.series import FloatArray
from tests.risk.cases import BTC, NAN, wave

Changes = dict[str, object]


@dataclass(frozen=True)
class Six:
    """Changes to the good proposal. Where a case has no meaning for the check, it is None.

    stale   the check that refuses what this one looks at, once that is too old; "" where it does not age
    over    what comes of one step over: failed or resized
    """

    at_limit: Changes | None
    one_over: Changes | None
    missing: Changes | None
    nan: Changes | None
    stale: str
    over: str = "failed"


def up(value: float) -> float:
    """Return the next greater float."""
    return nextafter(value, float("inf"))


def down(value: float) -> float:
    """Return the next smaller float."""
    return nextafter(value, 0.0)


TOGETHER = np.stack([BTC, wave(step=4, depth=1 / 64), wave(step=8, depth=1 / 64)])
# Alone in the market with a wave of a 64th: the worst periods lose a 64th of every dollar, all alike.
ALONE: Changes = {
    "symbols": (),
    "market_types": (),
    "exposures_usd": np.empty(0),
    "leverages": np.empty(0),
    "held_returns": np.empty((0, 64)),
    "open_orders": (),
}
NO_RETURNS: Changes = {"returns": None}
BAD_RETURNS: Changes = {"returns": np.full(64, NAN)}


def without(row: FloatArray) -> FloatArray:
    """Return *row* with its first number made NaN."""
    return np.array([NAN, *row[1:]])


EXPOSURES = np.array([1000.0, -500.0, 1000.0])
SIX: dict[str, Six] = {
    "kill_switch": Six(None, {"is_killed": True}, {"is_killed": None}, {"is_killed": NAN}, ""),
    "action": Six(None, {"action": "CLOSE"}, {"action": None}, {"action": NAN}, "", over="not_computable"),
    "data_quality": Six(None, {"faults": ("a gap",)}, {"faults": None}, {"faults": (NAN,)}, ""),
    "data_age": Six(
        {"age_candles": 2.0},
        {"age_candles": up(2.0)},
        {"age_candles": None},
        {"age_candles": NAN},
        "data_age",
    ),
    "quorum": Six({"votes_cast": 2}, {"votes_cast": 1}, {"votes_cast": None}, {"votes_cast": NAN}, ""),
    "portfolio_age": Six(
        {"held_age_candles": 2.0},
        {"held_age_candles": up(2.0)},
        {"held_age_candles": None},
        {"held_age_candles": NAN},
        "portfolio_age",
    ),
    "daily_loss": Six(
        {"day_equity_usd": 12_500.0, "max_daily_loss_pct": 0.2},
        {"day_equity_usd": up(12_500.0), "max_daily_loss_pct": down(0.2)},
        {"day_equity_usd": None},
        {"day_equity_usd": NAN},
        "portfolio_age",
    ),
    "weekly_loss": Six(
        {"week_equity_usd": 12_500.0, "max_weekly_loss_pct": 0.2},
        {"week_equity_usd": up(12_500.0), "max_weekly_loss_pct": down(0.2)},
        {"week_equity_usd": None},
        {"week_equity_usd": NAN},
        "portfolio_age",
    ),
    "drawdown": Six(
        {"peak_equity_usd": 12_500.0},
        {"peak_equity_usd": 12_500.0, "max_drawdown_pct": down(0.2)},
        {"peak_equity_usd": None},
        {"peak_equity_usd": NAN},
        "portfolio_age",
    ),
    "open_orders": Six(
        {"open_orders": ()}, {"open_orders": ("BTC/USD",)}, {"open_orders": None}, {"open_orders": NAN}, ""
    ),
    "order_rate": Six(
        {"recent_orders": 59}, {"recent_orders": 60}, {"recent_orders": None}, {"recent_orders": NAN}, ""
    ),
    "backers": Six({"backers": 2}, {"backers": 1}, {"backers": None}, {"backers": NAN}, ""),
    "min_confidence": Six(
        {"min_confidence": 0.75}, {"min_confidence": up(0.75)}, {"confidence": None}, {"confidence": NAN}, ""
    ),
    "min_agreement": Six(
        {"min_agreement": 0.8}, {"min_agreement": up(0.8)}, {"agreement": None}, {"agreement": NAN}, ""
    ),
    "price": Six({"price": 5e-324}, {"price": 0.0}, {"price": None}, {"price": NAN}, "data_age"),
    "price_collar": Six(
        {"reference_price": 80.0, "max_price_gap_pct": 0.25},
        {"reference_price": 80.0, "max_price_gap_pct": down(0.25)},
        {"reference_price": None},
        {"reference_price": NAN},
        "data_age",
    ),
    "stop_present": Six(None, {"stop": None}, {"stop": None}, {"stop": NAN}, ""),
    "stop_side": Six({"stop": down(100.0)}, {"stop": 100.0}, None, {"stop": NAN}, "data_age"),
    "target_side": Six({"target": up(100.0)}, {"target": 100.0}, None, {"target": NAN}, "data_age"),
    "position_count": Six(
        {"max_positions": 4}, {"max_positions": 3}, {"symbols": None}, {"symbols": (NAN, NAN, NAN)}, ""
    ),
    "position_size": Six(
        {"size_usd": 1500.0},
        {"size_usd": up(1500.0)},
        {"size_usd": None},
        {"size_usd": NAN},
        "portfolio_age",
        "resized",
    ),
    "market_exposure": Six(
        {"max_crypto_pct": 0.2},
        {"max_crypto_pct": down(0.2)},
        {"market_type": None},
        {"exposures_usd": without(EXPOSURES)},
        "portfolio_age",
        "resized",
    ),
    "total_exposure": Six(
        {"max_exposure_pct": 0.35},
        {"max_exposure_pct": down(0.35)},
        {"exposures_usd": None},
        {"exposures_usd": without(EXPOSURES)},
        "portfolio_age",
        "resized",
    ),
    "leverage": Six(
        {"max_leverage": 0.35},
        {"max_leverage": down(0.35)},
        {"leverages": None},
        {"leverages": np.array([NAN, 1.0, 1.0])},
        "portfolio_age",
        "resized",
    ),
    "concentration": Six(
        {**ALONE, "max_concentration": 0.0625, "size_usd": 2500.0, "max_position_pct": 0.3},
        {**ALONE, "max_concentration": down(0.0625), "size_usd": 2500.0, "max_position_pct": 0.3},
        {"equity_usd": None},
        {"equity_usd": NAN},
        "portfolio_age",
        "resized",
    ),
    "correlation": Six(
        {"held_returns": TOGETHER, "max_correlated_pct": 0.2},
        {"held_returns": TOGETHER, "max_correlated_pct": down(0.2)},
        {"held_returns": None},
        BAD_RETURNS,
        "data_age",
        "resized",
    ),
    "liquidity": Six(
        {"volume_usd": 100_000.0},
        {"volume_usd": down(100_000.0)},
        {"volume_usd": None},
        {"volume_usd": NAN},
        "data_age",
        "resized",
    ),
    "slippage": Six(
        {"half_spread": 0.01, "returns": np.zeros(64)},
        {"half_spread": up(0.01), "returns": np.zeros(64)},
        {"half_spread": None},
        {"half_spread": NAN},
        "data_age",
    ),
    "value_at_risk": Six(
        {**ALONE, "size_usd": 1024.0, "max_var_pct": 0.0016},
        {**ALONE, "size_usd": 1024.0, "max_var_pct": down(0.0016)},
        NO_RETURNS,
        BAD_RETURNS,
        "data_age",
        "resized",
    ),
    "expected_shortfall": Six(
        {**ALONE, "size_usd": 1024.0, "max_es_pct": 0.0016},
        {**ALONE, "size_usd": 1024.0, "max_es_pct": down(0.0016)},
        NO_RETURNS,
        BAD_RETURNS,
        "data_age",
        "resized",
    ),
    "regime": Six(
        {"policy": Policy("range_calm", 1.0)},
        {"policy": Policy("range_calm", down(1.0))},
        {"policy": None},
        {"policy": Policy("range_calm", NAN)},
        "data_age",
        "resized",
    ),
    "degraded": Six(
        {"is_degraded": True, "degraded_factor": 1.0},
        {"is_degraded": True, "degraded_factor": down(1.0)},
        {"is_degraded": None},
        {"is_degraded": NAN},
        "",
        "resized",
    ),
    "dust": Six({"size_usd": 10.0}, {"size_usd": down(10.0)}, {"size_usd": None}, {"size_usd": NAN}, ""),
}
# What makes each kind of data too old; the check named must refuse it, whatever the others find.
STALE: dict[str, Changes] = {"data_age": {"age_candles": 2.5}, "portfolio_age": {"held_age_candles": 2.5}}
