"""Answers about one order: is the consensus good enough, is there room for it, where does the stop go?"""

from collections.abc import Sequence
from dataclasses import dataclass

import risk
from thalas.domain import exposures
from thalas.domain.exposures import LEVELS, Held, Series

# Shares of the price: where a level below it ends, and the proportion of reward to risk.
LOWEST_LEVEL, REWARD = 0.01, 1.5
STOP_DEVIATIONS, STOP_ATR = 2.0, 2.0
# A day's volatility that sizes are meant for: in a wilder market they shrink in proportion.
USUAL_VOLATILITY = 0.04
WILD_VOLATILITY = 0.08
NEAR = 0.9
WORDS = {"crypto": "Crypto", "polymarket": "Polymarket", "equity": "Equity"}

# What is measured in words, its value and limit in percent, and where the value comes from.
Measure = tuple[str, float, float, str]


@dataclass(frozen=True, slots=True)
class Distance:
    """How far a stop is from the price, as a share of it, and what says so."""

    share: float
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What an account may hold; percent of its value."""

    max_position_pct: float = 15.0
    max_positions: int = 10
    max_crypto_pct: float = 70.0
    max_polymarket_pct: float = 50.0
    max_equity_pct: float = 70.0
    max_portfolio_risk_pct: float = 20.0


def signal(
    *,
    confidence: float,
    agreement: float,
    heard: int,
    asked: int,
    volatility: float | None,
    min_confidence: float,
    min_agreement: float,
    most_pct: float,
) -> dict[str, object]:
    """Return what a consensus is worth: fractions in, and the size in percent of the account out."""
    strength, diversity = confidence * agreement, heard / asked
    calm = 1.0 if not volatility or volatility <= USUAL_VOLATILITY else USUAL_VOLATILITY / volatility
    refusals = [
        (confidence < min_confidence, f"Confidence {confidence:.2f} is below {min_confidence:.2f}"),
        (agreement < min_agreement, f"Agreement {agreement:.2f} is below {min_agreement:.2f}"),
        (2 * heard < asked, f"Only {heard} of {asked} providers took part"),
    ]
    remarks = [
        (heard < asked and 2 * heard >= asked, f"{asked - heard} of {asked} providers did not take part"),
        (heard == 1, "A single provider agrees with itself"),
        (volatility is None, "The volatility is not known, so the size does not allow for it"),
        (calm < 1.0, f"The volatility {volatility or 0.0:.1%} is high, so the size is cut"),
    ]
    should_trade = not any(applies for applies, _ in refusals)
    wild = 2 if volatility is not None and volatility >= WILD_VOLATILITY else 1 if calm < 1.0 else 0
    weak = 0 if strength >= 0.6 else 1 if strength >= 0.35 else 2
    return {
        "risk_level": LEVELS[min(3, max(weak, wild) + (0 if should_trade else 1))],
        "signal_strength": strength,
        "provider_diversity": diversity,
        "confidence": confidence,
        "agreement_score": agreement,
        "recommended_position_size_pct": most_pct * strength * diversity * calm if should_trade else 0.0,
        "should_trade": should_trade,
        "warnings": [text for applies, text in (*refusals, *remarks) if applies],
    }


def room(
    positions: Sequence[Held],
    *,
    new_usd: float,
    new_type: str,
    value_usd: float,
    limits: Room,
    series: Series,
) -> dict[str, object]:
    """Return whether a new position of *new_usd* dollars fits beside *positions*, or what it breaks.

    series  returns of *positions*, as `exposures.portfolio` takes them
    """
    measures = [
        (
            f"Position size {new_usd / value_usd:.1%}",
            new_usd / value_usd * 100.0,
            limits.max_position_pct,
            "",
        ),
        _exposure(positions, new_usd, new_type, value_usd, limits),
        _at_risk(positions, new_usd, new_type, value_usd, limits, series),
    ]
    violations = [f"{told} exceeds {limit:g}%{why}" for told, value, limit, why in measures if value > limit]
    if len(positions) + 1 > limits.max_positions:
        violations.insert(0, f"Maximum positions {limits.max_positions} reached: {len(positions)} are held")
    near = [
        f"{told} is near its limit of {limit:g}%{why}"
        for told, value, limit, why in measures
        if NEAR * limit < value <= limit
    ]
    warnings = near + _remarks(positions, new_usd, value_usd, limits)
    return {"approved": not violations, "violations": violations, "warnings": warnings}


def _exposure(
    positions: Sequence[Held], new_usd: float, new_type: str, value_usd: float, limits: Room
) -> Measure:
    of_type = sum(each.value_usd for each in positions if each.market_type == new_type) + new_usd
    limit = {
        "crypto": limits.max_crypto_pct,
        "polymarket": limits.max_polymarket_pct,
        "equity": limits.max_equity_pct,
    }[new_type]
    share = of_type / value_usd
    return f"{WORDS[new_type]} exposure {share:.1%}", share * 100.0, limit, ""


def _at_risk(
    positions: Sequence[Held],
    new_usd: float,
    new_type: str,
    value_usd: float,
    limits: Room,
    series: Series,
) -> Measure:
    """Return the value at risk of *positions* and the new one, of which nothing but its market is known."""
    held = exposures.portfolio(positions, value_usd, series, exposures.Wanted())
    volatility = exposures.ASSUMED_VOLATILITY[new_type]
    new = new_usd * risk.normal_value_at_risk(mean=0.0, volatility=volatility, level=0.95, horizon_periods=1)
    share = (float(str(held["var_95"])) + new) / value_usd
    why = (
        f" (value at risk of a day at 95%; held: {held['method']}; new: {exposures.ASSUMED} {volatility:.1%})"
    )
    return f"Portfolio risk {share:.1%}", share * 100.0, limits.max_portfolio_risk_pct, why


def _remarks(positions: Sequence[Held], new_usd: float, value_usd: float, limits: Room) -> list[str]:
    unstopped = sum(each.stop_loss is None for each in positions)
    at_stop = sum(_lost_at_stop(each) for each in positions) / value_usd
    whole = (sum(each.value_usd for each in positions) + new_usd) / value_usd
    remarks = [
        (unstopped > 0, f"{unstopped} of {len(positions)} positions have no stop"),
        (
            at_stop * 100.0 > limits.max_portfolio_risk_pct,
            f"Every stop hit at once would cost {at_stop:.1%}, a position without one counting in full",
        ),
        (whole > 1.0, f"All positions together would be {whole:.1%} of the portfolio"),
    ]
    return [text for applies, text in remarks if applies]


def stop(
    *, price: float, is_long: bool, away: Distance, market_type: str, risk_per_trade: float
) -> dict[str, object]:
    """Return a stop *away* from the price against the position; a target 1.5 times as far with it.

    A stop nearer than the risk per trade would ask for more than the whole account, so that is the nearest.

    Raises:  risk.RiskError if the market has no room for both levels.
    """
    if away.share < risk_per_trade:
        away = Distance(risk_per_trade, "risk_per_trade, the nearest that the account allows")
    below, above = (away.share, REWARD * away.share) if is_long else (REWARD * away.share, away.share)
    wide = price * (1.0 - below), price * (1.0 + above)
    low, high = max(wide[0], price * LOWEST_LEVEL), wide[1]
    if market_type == "polymarket":
        bounds = risk.PREDICTION_MARKET
        low, high = max(low, bounds.lowest), min(high, bounds.highest)
    if not 0.0 < low < price < high:
        raise risk.OutOfRange(f"The levels {low:g} and {high:g} must be on both sides of {price:g}.")
    at, target = (low, high) if is_long else (high, low)
    at_pct, target_pct = abs(price - at) / price * 100.0, abs(target - price) / price * 100.0
    cut = "" if (low, high) == wide else "; cut to what the market allows"
    return {
        "stop_loss": at,
        "take_profit": target,
        "stop_distance_pct": at_pct,
        "take_distance_pct": target_pct,
        "risk_reward_ratio": target_pct / at_pct,
        "position_size_pct": min(100.0, risk_per_trade / (at_pct / 100.0) * 100.0),
        "method": f"stop by {away.origin}, target {REWARD:g} times as far{cut}",
    }


def _lost_at_stop(held: Held) -> float:
    if held.stop_loss is None:
        return held.value_usd
    adverse = (
        (held.stop_loss - held.current_price) if held.is_short else (held.current_price - held.stop_loss)
    )
    return abs(held.moved_usd) * max(0.0, adverse) / held.current_price
