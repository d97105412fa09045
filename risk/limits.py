"""What an account allows: the numbers the gate compares with."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """One version of an account's limits; each check reads its own and refuses one that makes no sense.

    max_position_pct  largest position as a fraction of equity, in [0, 1]: 0.15 is 15 %
    max_age_candles   oldest usable data, in candles since the last close, 0 or more
    min_confidence, min_agreement   least that an order needs, in [0, 1]
    min_order_usd     smallest order worth sending, after every cut, 0 or more
    degraded_factor   what is left of a size when the consensus is degraded, in [0, 1]
    version           which edition of the limits this is; kept beside every verdict
    """

    max_position_pct: float = 0.15
    max_age_candles: float = 2.0
    min_confidence: float = 0.0
    min_agreement: float = 0.0
    min_order_usd: float = 10.0
    degraded_factor: float = 0.5
    version: int = 1
