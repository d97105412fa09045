"""What the technical rules share: how an opinion, a bracket and a risk level are made."""

import math

from providers.voters.types import Abstention, Action, Opinion, RiskLevel, SymbolBrief

STOP_ATR = 2.0
TARGET_ATR = 3.0

CALM_RANK = 0.3
STORMY_RANK = 0.8
CALM_ATR_PCT = 3.0
STORMY_ATR_PCT = 8.0

WEAKEST = 0.50
STRONGEST = 0.85


def confidence(strength: float) -> float:
    """Return the confidence of a signal: 0.50 at strength 0, 0.85 at strength 1 and beyond.

    A rule of thumb on prices is never surer than that. These are starting values, to be calibrated.
    """
    return WEAKEST + (STRONGEST - WEAKEST) * share(strength)


def share(value: float) -> float:
    """Return *value* cut to [0, 1]; what is no number counts as 0."""
    return 0.0 if math.isnan(value) else max(0.0, min(1.0, value))


def ratio(above: float, below: float) -> float:
    """Return above / below, or 0 where there is nothing to divide by."""
    return above / below if below else 0.0


def trade(market: SymbolBrief, action: Action, *, strength: float, reasoning: str) -> Opinion | Abstention:
    """Return a BUY or SELL with its stop 2 ATR against it and its target 3 ATR in its favour.

    Abstains where no such bracket exists: no range at all, or a range so wide that a level would
    not be above 0.
    """
    atr = market.indicators["atr_14"]
    side = 1.0 if action is Action.BUY else -1.0
    stop, target = market.price - side * STOP_ATR * atr, market.price + side * TARGET_ATR * atr
    low, high = min(stop, target), max(stop, target)
    if atr <= 0 or not 0 < low < market.price < high < math.inf:
        return Abstention(
            symbol=market.symbol,
            reasoning=f"no stop and target can be set around {number(market.price)} with ATR {number(atr)}",
        )
    return Opinion(
        symbol=market.symbol,
        action=action,
        confidence=confidence(strength),
        reasoning=reasoning,
        risk_level=risk_level(market),
        stop=stop,
        target=target,
    )


def hold(market: SymbolBrief, *, strength: float, reasoning: str) -> Opinion:
    """Return a HOLD: the rule applies, and says that there is nothing to do."""
    return Opinion(
        symbol=market.symbol,
        action=Action.HOLD,
        confidence=confidence(strength),
        reasoning=reasoning,
        risk_level=risk_level(market),
    )


def risk_level(market: SymbolBrief) -> RiskLevel:
    """Return high if volatility is in its top fifth or ATR is 8 % of the price or more.

    Low if ATR is 3 % of the price or less and volatility is not known to rank above 0.3; else medium.
    """
    rank = market.indicators.get("volatility_rank_100", CALM_RANK)
    atr_pct = market.indicators.get("atr_pct", math.inf)
    if rank >= STORMY_RANK or STORMY_ATR_PCT <= atr_pct < math.inf:
        return RiskLevel.HIGH
    return RiskLevel.LOW if rank <= CALM_RANK and atr_pct <= CALM_ATR_PCT else RiskLevel.MEDIUM


def number(value: float) -> str:
    """Return *value* for a sentence: 6,650.12 or 0.000123."""
    return f"{value:,.2f}" if 1 <= abs(value) < 1e9 else f"{value:.4g}"
