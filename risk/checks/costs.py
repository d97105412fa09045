"""Checks of the market's side: is the price the market's, and can it bear an order of this size?"""

from math import sqrt

from risk.checks.books import History
from risk.checks.cases import Case, Finding, compared, cut, fitted, missing, unusable
from risk.numbers import describe, fraction, not_negative, positive, usd

A_PRICE = "a finite number above 0"


def price_collar(case: Case) -> Finding:
    """The price is at most `max_price_gap_pct` away from where the market is now."""
    price, reference = positive(case.proposal.price), positive(case.market.reference_price)
    most = fraction(case.limits.max_price_gap_pct)
    if price is None:
        return unusable("price", case.proposal.price, A_PRICE)
    if reference is None:
        return unusable("price of the market", case.market.reference_price, A_PRICE)
    if most is None:
        return unusable("limit on the price's gap", case.limits.max_price_gap_pct, "a number from 0 to 1")
    gap = abs(price - reference) / reference
    market = describe(reference)
    message = f"The price is {describe(price)}, {gap:.2%} from the market's {market}; {most:.2%} may be."
    return compared(gap <= most, gap, most, message)


def liquidity(case: Case) -> Finding:
    """The size is at most `max_volume_pct` of what the market trades in a period; it is cut to that."""
    size, volume, share = (
        case.size_usd,
        not_negative(case.market.volume_usd),
        fraction(case.limits.max_volume_pct),
    )
    if size is None:
        return unusable("size", None, "a number of dollars")
    if volume is None:
        return unusable(
            "volume of the market", case.market.volume_usd, "a finite number of dollars, 0 or more"
        )
    if share is None:
        return unusable("limit on the share of volume", case.limits.max_volume_pct, "a number from 0 to 1")
    room = share * volume
    message = (
        f"The size is {usd(size)} and may be {usd(room)}, {describe(share)} of the volume of {usd(volume)}."
    )
    return cut(size, room, size, room, message)


def slippage(case: Case) -> Finding:
    """Half the spread and the order's own impact cost at most `max_slippage_pct`; the size is cut to that."""
    size, history, volume = case.size_usd, case.history, positive(case.market.volume_usd)
    half, most = fraction(case.market.half_spread), fraction(case.limits.max_slippage_pct)
    if not isinstance(history, History):
        return missing(history)
    if size is None:
        return unusable("size", None, "a number of dollars")
    if volume is None:
        return unusable("volume of the market", case.market.volume_usd, "a finite number of dollars above 0")
    if half is None:
        return unusable("half of the spread", case.market.half_spread, "a number from 0 to 1")
    if most is None:
        return unusable("limit on slippage", case.limits.max_slippage_pct, "a number from 0 to 1")
    value = _cost(size, half, history.volatility, volume)
    room = size
    if value > most:
        room = min(size, _room(most, half, history.volatility, volume))
        room = fitted(room, room, lambda more: _cost(more, half, history.volatility, volume) <= most)
    message = f"Entering with {usd(size)} would cost about {value:.3%} and may cost {most:.3%}."
    return cut(size, room, value, most, message)


def _cost(size: float, half: float, volatility: float, volume: float) -> float:
    """Return the expected cost of entering, as a fraction: the square root law of impact, its factor 1.

    Source:  Toth et al. (2011), Physical Review X 1, 021006.
    """
    return half + volatility * sqrt(size / volume)


def _room(most: float, half: float, volatility: float, volume: float) -> float:
    if half > most:
        return 0.0
    return ((most - half) / volatility) ** 2 * volume
