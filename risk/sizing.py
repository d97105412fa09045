"""How large an order should be before the gate looks at it."""

from risk.errors import NotFinite, OutOfRange
from risk.numbers import describe, finite, require_finite, usd

MOST_LOSSES = 10_000  # by then nothing is left of any step below 1


def fixed_fractional(
    equity_usd: float, *, risk_fraction: float, price: float, stop: float, confidence: float
) -> float:
    """Return the position that loses a fixed fraction of equity, scaled by confidence, if the stop is hit.

    equity_usd     above 0
    risk_fraction  of equity to lose at the stop, in [0, 1]: 0.01 risks 1 %
    price, stop    quote currency per base unit, above 0, not equal; the stop may be on either side
    confidence     in [0, 1]
    result         US dollars, 0 or more: equity × risk_fraction × confidence / (|price − stop| / price).
                   A near stop asks for more than the account holds; the gate cuts that.

    Raises:  NotFinite, also for a result too large for a float; OutOfRange.
    Source:  Vince (1990), Portfolio Management Formulas (fixed fractional); the confidence factor is ours.
    """
    equity_usd, price = _above_zero("equity_usd", equity_usd), _above_zero("price", price)
    stop, confidence = _above_zero("stop", stop), _in_unit("confidence", confidence)
    risk_usd = equity_usd * _in_unit("risk_fraction", risk_fraction) * confidence
    if stop == price:
        raise OutOfRange(f"stop must differ from the price, but both are {describe(price)}.")
    size = finite(risk_usd * (price / abs(price - stop)))
    if size is None:
        raise NotFinite(f"A risk of {usd(risk_usd)} with a stop at {describe(stop)} gives no finite size.")
    return size


def after_losses(losses: int, *, step: float = 0.8, least: float = 0.25) -> float:
    """Return what is left of a size after so many losses in a row: step^losses, and never below *least*.

    losses       since the last gain, 0 or more
    step, least  in [0, 1]
    result       in [least, 1]; 1 after a gain

    Raises:  NotFinite; OutOfRange.
    """
    if isinstance(losses, bool) or not isinstance(losses, int):
        raise NotFinite(f"losses must be a whole number, not {describe(losses)}.")
    if losses < 0:
        raise OutOfRange(f"losses must be 0 or more, not {describe(losses)}.")
    step, least = _in_unit("step", step), _in_unit("least", least)
    return max(least, step ** min(losses, MOST_LOSSES))


def _above_zero(name: str, value: object) -> float:
    number = require_finite(name, value)
    if number <= 0:
        raise OutOfRange(f"{name} must be above 0, not {describe(number)}.")
    return number


def _in_unit(name: str, value: object) -> float:
    number = require_finite(name, value)
    if not 0 <= number <= 1:
        raise OutOfRange(f"{name} must be from 0 to 1, not {describe(number)}.")
    return number
