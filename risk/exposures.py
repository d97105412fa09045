"""How much is at work in the market: all together, in one direction, and by type of market."""

from collections.abc import Sequence

import numpy as np

from risk.errors import OutOfRange, WrongShape
from risk.numbers import describe, require_positive
from risk.series import FloatArray, require_result, require_series


def gross_exposure(values: FloatArray) -> float:
    """Return the sum of the sizes of all positions.

    values  shape (positions,), value x leverage in one currency, below 0 for a short; may be empty
    result  in that currency, 0 or more

    Raises:  NotFinite; WrongShape.
    """
    with np.errstate(over="ignore"):
        total = np.add.reduce(np.abs(require_series("values", values, least=0)))
    return require_result("The gross exposure", float(total))


def net_exposure(values: FloatArray) -> float:
    """Return the longs less the shorts, in the currency of *values*, which are as of `gross_exposure`.

    Raises:  NotFinite; WrongShape.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        total = np.add.reduce(require_series("values", values, least=0))
    return require_result("The net exposure", float(total))


def leverage(values: FloatArray, *, equity: float) -> float:
    """Return the gross exposure over equity: 1 is fully invested, 2 is twice what the account holds.

    values  as of `gross_exposure`
    equity  in the same currency, above 0

    Raises:  NotFinite; WrongShape; OutOfRange.
    """
    return require_result("The leverage", gross_exposure(values) / require_positive("equity", equity))


def exposure_by_type(values: FloatArray, market_types: Sequence[str]) -> dict[str, float]:
    """Return the gross exposure to each market type that is held, in the order of first sight.

    values        as of `gross_exposure`
    market_types  as many, such as crypto, polymarket or equity

    Raises:  NotFinite; WrongShape; OutOfRange for a type that is no name.
    """
    sizes = require_series("values", values, least=0)
    if len(sizes) != len(market_types):
        raise WrongShape(f"There are {len(sizes)} values and {len(market_types)} market types.")
    totals: dict[str, float] = {}
    for size, market_type in zip(sizes.tolist(), market_types, strict=True):
        if not isinstance(market_type, str) or not market_type:
            raise OutOfRange(f"A market type must be a name, not {describe(market_type)}.")
        totals[market_type] = totals.get(market_type, 0.0) + abs(size)
    return {name: require_result(f"The exposure to {name}", total) for name, total in totals.items()}


def exposure_shares_by_type(
    values: FloatArray, market_types: Sequence[str], *, equity: float
) -> dict[str, float]:
    """Return the gross exposure to each market type as a fraction of equity: 0.7 is 70 %.

    Raises:  NotFinite; WrongShape; OutOfRange.
    """
    whole = require_positive("equity", equity)
    totals = exposure_by_type(values, market_types)
    return {name: require_result(f"The share of {name}", total / whole) for name, total in totals.items()}
