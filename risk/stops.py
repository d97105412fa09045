"""Where the stop and the target of an order go."""

from dataclasses import dataclass
from math import sqrt

from risk.errors import OutOfRange
from risk.numbers import describe, require_count, require_finite, require_positive
from risk.proposals import ORDERS


@dataclass(frozen=True, slots=True)
class Bracket:
    """A stop and a target on either side of a price, quote currency per base unit."""

    stop: float
    target: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """The prices between which a market trades; a level beyond one is drawn back to it."""

    lowest: float
    highest: float


PREDICTION_MARKET = Bounds(
    lowest=0.001, highest=0.999
)  # its contracts pay 0 or 1, so both are beyond trading

# Stop and target in ATRs: a unit of reward for each of risk, one and a half, two.
BRACKET_STYLES = {"conservative": (2.0, 2.0), "balanced": (2.0, 3.0), "aggressive": (2.0, 4.0)}


def atr_bracket(
    price: float,
    atr: float,
    *,
    side: str,
    stop_atr: float = 2.0,
    target_atr: float = 3.0,
    bounds: Bounds | None = None,
) -> Bracket:
    """Return a stop and a target as multiples of the average true range from *price*.

    price, atr   quote currency per base unit, above 0
    side         BUY or SELL, the direction of the entry
    stop_atr, target_atr   distances in ATRs, above 0
    bounds       of the market's prices, `PREDICTION_MARKET` where it trades in probabilities
    result       both levels above 0, within the bounds and strictly on their sides of the price

    Raises:  NotFinite; OutOfRange, also if a level would be at or below 0 or would round to the price.
    Source:  the range is Wilder's (1978), New Concepts in Technical Trading Systems; the multiples are ours.
    """
    price = require_finite("price", price)
    risk = require_finite("stop_atr × atr", require_finite("stop_atr", stop_atr) * require_finite("atr", atr))
    reward = require_finite("target_atr × atr", require_finite("target_atr", target_atr) * atr)
    return _bracket(price, risk, reward, side, bounds)


def styled_bracket(
    price: float, atr: float, *, side: str, style: str = "balanced", bounds: Bounds | None = None
) -> Bracket:
    """Return the `atr_bracket` of a style: conservative aims for 1:1, balanced 1:1.5, aggressive 1:2.

    The arguments, the result and what it raises are those of `atr_bracket`. Bounds may draw a level nearer,
    and the proportion with it.
    """
    if style not in BRACKET_STYLES:
        raise OutOfRange(f"style must be one of {', '.join(BRACKET_STYLES)}, not {describe(style)}.")
    stop_atr, target_atr = BRACKET_STYLES[style]
    return atr_bracket(price, atr, side=side, stop_atr=stop_atr, target_atr=target_atr, bounds=bounds)


def fixed_bracket(
    price: float,
    *,
    side: str,
    stop_pct: float = 0.05,
    target_pct: float = 0.10,
    bounds: Bounds | None = None,
) -> Bracket:
    """Return a stop and a target at fixed fractions of *price* from it.

    price    quote currency per base unit, above 0
    side     BUY or SELL, the direction of the entry
    stop_pct, target_pct   fractions of the price, above 0: 0.05 is 5 %; the one below the price is below 1
    bounds   as of `atr_bracket`
    result   both levels above 0, within the bounds and strictly on their sides of the price

    Raises:  NotFinite; OutOfRange, also if a level would be at or below 0 or would round to the price.
    """
    price = require_finite("price", price)
    risk = require_finite("stop_pct × price", require_finite("stop_pct", stop_pct) * price)
    reward = require_finite("target_pct × price", require_finite("target_pct", target_pct) * price)
    return _bracket(price, risk, reward, side, bounds)


def volatility_bracket(
    price: float,
    volatility: float,
    *,
    side: str,
    multiple: float = 2.0,
    reward_ratio: float = 1.5,
    horizon_periods: int = 1,
    bounds: Bounds | None = None,
) -> Bracket:
    """Return a stop as far as returns may wander over the horizon, and a target in proportion.

    price            quote currency per base unit, above 0
    volatility       standard deviation of one period's return as a fraction, above 0
    side             BUY or SELL, the direction of the entry
    multiple         distance of the stop in standard deviations, above 0
    reward_ratio     distance of the target over the stop's, above 0
    horizon_periods  how long the order is to live; the distance grows with the square root
    bounds           as of `atr_bracket`
    result           both levels above 0, within the bounds and strictly on their sides of the price

    Raises:  NotFinite; OutOfRange, also if a level would be at or below 0 or would round to the price.
    """
    price, spread = require_finite("price", price), require_positive("volatility", volatility)
    deviations = require_positive("multiple", multiple) * sqrt(
        require_count("horizon_periods", horizon_periods)
    )
    risk = require_finite("the distance of the stop", spread * deviations * price)
    reward = require_finite("the distance of the target", require_finite("reward_ratio", reward_ratio) * risk)
    return _bracket(price, risk, reward, side, bounds)


def _bracket(price: float, risk: float, reward: float, side: str, bounds: Bounds | None) -> Bracket:
    if side not in ORDERS:
        raise OutOfRange(f"side must be BUY or SELL, not {describe(side)}.")
    low, high = (risk, reward) if side == "BUY" else (reward, risk)
    below, above = price - low, require_finite("the upper level", price + high)
    if bounds is not None:
        below, above = max(below, bounds.lowest), min(above, bounds.highest)
    if not 0 < below < price < above:
        levels = f"{describe(below)} and {describe(above)}"
        raise OutOfRange(f"The levels {levels} must be above 0 and on both sides of {describe(price)}.")
    return Bracket(below, above) if side == "BUY" else Bracket(above, below)
