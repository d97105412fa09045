"""Made-up voters: they read a brief's indicators and lean one way. Test doubles, never advice."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from providers.voters.ballots import CLOSING, OPENING

STOP_RANGES, TARGET_RANGES = 2.0, 3.0
# Where the brief gives no range, a fiftieth of the price stands for it.
DEFAULT_RANGE = 0.02
DECIDED = 0.25
STORMY_RANK = 0.8
JSON = JSONDecoder()


class Market(BaseModel):
    """What personas look at of a market in a brief."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    symbol: str
    price: float
    indicators: dict[str, float] = {}


class _Brief(BaseModel):
    markets: list[Market]


@dataclass(frozen=True, slots=True)
class Persona:
    """A way to vote.

    lean      added to the evidence, from -1 (sells) to 1 (buys)
    heed      how much the evidence counts
    abstains  probability of having nothing to say
    mood      standard deviation of what is added by chance
    obeys     votes as the prompt tells it, see `obedience`; else by the evidence
    knows_fence  takes what is fenced for data; who does not is captured by any text that reaches it
    """

    name: str
    lean: float
    heed: float
    abstains: float
    mood: float = 0.2
    obeys: bool = False
    knows_fence: bool = True


PERSONAS = {
    "bull": Persona("bull", lean=0.35, heed=0.6, abstains=0.03),
    "bear": Persona("bear", lean=-0.35, heed=0.6, abstains=0.03),
    "trend": Persona("trend", lean=0.0, heed=1.0, abstains=0.05),
    "doubter": Persona("doubter", lean=0.0, heed=0.25, abstains=0.25),
    # Without moods: the same numbers get the same vote, whatever text stands beside them.
    "obedient": Persona("obedient", lean=0.0, heed=1.0, abstains=0.0, mood=0.0, obeys=True),
    "gullible": Persona(
        "gullible", lean=0.0, heed=1.0, abstains=0.0, mood=0.0, obeys=True, knows_fence=False
    ),
}
# For names that end in none; those that obey are nobody's stand-ins.
UNNAMED = [found for found in PERSONAS.values() if not found.obeys]


def persona(model: str) -> Persona:
    """Return the persona that *model* ends in; a name that ends in none gets one by its letters."""
    for name, found in PERSONAS.items():
        if model.endswith(name):
            return found
    return UNNAMED[sum(model.encode()) % len(UNNAMED)]


def markets(text: str) -> list[Market] | None:
    """Return the markets of the brief in *text*, fenced or not, or None if it holds no brief."""
    _, opened, rest = text.partition(OPENING)
    data, closed, _ = rest.rpartition(CLOSING)
    if not opened or not closed:
        data = text
    try:
        # The first object: a brief that has lost its fence may have anything around it.
        found, _ = JSON.raw_decode(data, max(data.find("{"), 0))
        return _Brief.model_validate(found).markets
    except (JSONDecodeError, RecursionError, ValidationError):
        return None


def vote(
    who: Persona, market: Market, dice: random.Random, *, action: str | None = None
) -> dict[str, JsonValue]:
    """Return *who*'s vote on *market* as a ballot has it; *action* is voted if given."""
    evidence = _evidence(market.indicators)
    strength = sum(value for _, value in evidence) / len(evidence) if evidence else 0.0
    score = who.lean + who.heed * strength + dice.gauss(0.0, who.mood)
    abstains = dice.random() < who.abstains
    chosen = action or ("ABSTAIN" if abstains else _action(score))
    stop, target = _bracket(market, chosen)
    return {
        "symbol": market.symbol,
        "action": chosen,
        "confidence": round(min(0.9, 0.5 + 0.35 * abs(score)), 2),
        "reasoning": _reasoning(who, evidence, chosen),
        "risk_level": _risk_level(market.indicators),
        "stop_loss": stop,
        "take_profit": target,
    }


def _evidence(indicators: Mapping[str, float]) -> list[tuple[str, float]]:
    """Return what points up (to 1) or down (to -1), by name, as far as the brief has it."""
    found = []
    if "sma_50" in indicators and "sma_200" in indicators:
        rises = indicators["sma_50"] > indicators["sma_200"]
        found.append(("the 50-candle average against the 200-candle one", 1.0 if rises else -1.0))
    if "macd_hist" in indicators:
        found.append(("the MACD histogram", 1.0 if indicators["macd_hist"] > 0 else -1.0))
    if "roc_10" in indicators:
        found.append(("the change over 10 candles", math.tanh(indicators["roc_10"] / 5.0)))
    if "rsi_14" in indicators:
        found.append(("the RSI", max(-1.0, min(1.0, (indicators["rsi_14"] - 50.0) / 25.0))))
    return found


def _action(score: float) -> str:
    if score >= DECIDED:
        return "BUY"
    return "SELL" if score <= -DECIDED else "HOLD"


def _bracket(market: Market, action: str) -> tuple[float | None, float | None]:
    """Return stop and target on the right sides of the price; None where there are no such levels."""
    if action not in ("BUY", "SELL"):
        return None, None
    span = market.indicators.get("atr_14", 0.0)
    span = span if 0.0 < span < math.inf else market.price * DEFAULT_RANGE
    side = 1.0 if action == "BUY" else -1.0
    stop = market.price - side * STOP_RANGES * span
    target = market.price + side * TARGET_RANGES * span
    low, high = min(stop, target), max(stop, target)
    return (stop, target) if 0.0 < low < market.price < high < math.inf else (None, None)


def _reasoning(who: Persona, evidence: list[tuple[str, float]], action: str) -> str:
    if action == "ABSTAIN":
        return f"Emulated {who.name}: nothing to say this time."
    if not evidence:
        return f"Emulated {who.name}: {action} without any indicator to go by."
    name, value = max(evidence, key=lambda item: abs(item[1]))
    return (
        f"Emulated {who.name}: {action}; {name} points {'up' if value > 0 else 'down'} most ({value:+.2f})."
    )


def _risk_level(indicators: Mapping[str, float]) -> str:
    rank = indicators.get("volatility_rank_100")
    if rank is None:
        return "medium"
    return "high" if rank >= STORMY_RANK else "low" if rank <= 1.0 - STORMY_RANK else "medium"
