"""Where the stop and the target of an order go."""

from dataclasses import dataclass

from risk.errors import OutOfRange
from risk.numbers import describe, require_finite
from risk.proposals import ORDERS


@dataclass(frozen=True, slots=True)
class Bracket:
    """A stop and a target on either side of a price, quote currency per base unit."""

    stop: float
    target: float


def atr_bracket(
    price: float, atr: float, *, side: str, stop_atr: float = 2.0, target_atr: float = 3.0
) -> Bracket:
    """Return a stop and a target as multiples of the average true range from *price*.

    price, atr   quote currency per base unit, above 0
    side         BUY or SELL, the direction of the entry
    stop_atr, target_atr   distances in ATRs, above 0
    result       both levels above 0 and strictly on their sides of the price

    Raises:  NotFinite; OutOfRange, also if a level would be at or below 0 or would round to the price.
    Source:  the range is Wilder's (1978), New Concepts in Technical Trading Systems; the multiples are ours.
    """
    if side not in ORDERS:
        raise OutOfRange(f"side must be BUY or SELL, not {describe(side)}.")
    price = require_finite("price", price)
    risk = require_finite("stop_atr × atr", require_finite("stop_atr", stop_atr) * require_finite("atr", atr))
    reward = require_finite("target_atr × atr", require_finite("target_atr", target_atr) * atr)
    low, high = (risk, reward) if side == "BUY" else (reward, risk)
    below, above = price - low, require_finite("the upper level", price + high)
    if not 0 < below < price < above:
        levels = f"{describe(below)} and {describe(above)}"
        raise OutOfRange(f"The levels {levels} must be above 0 and on both sides of {describe(price)}.")
    return Bracket(below, above) if side == "BUY" else Bracket(above, below)
