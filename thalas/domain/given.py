"""A brief out of market data that a caller gives: numbers are indicators, all else is text in a fence.

Nothing of it is believed. There are no candles, so nothing is known of its age or its quality.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from providers.markets import timeframes
from providers.voters.types import GIVEN, Brief, SymbolBrief
from thalas.domain import untrusted
from thalas.errors import BadInput

PAIR = re.compile(r"[A-Z0-9]{1,19}/[A-Z0-9]{1,19}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ .%+/()-]{0,63}")
A_NAME = "a name is 1 to 64 letters, digits, spaces or _.%+/()- and begins with a letter or digit"
MOST_ENTRIES = 200
MOST_TEXT = 2_000
MOST_CONTEXT = 12_000
MOST_DEPTH = 8
# No market has such numbers, and no column holds such prices.
LARGEST = 1e15
LARGEST_PRICE = 1e13


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller says of one market, checked.

    price       quote currency per base unit
    indicators  name to finite number, names in lower case
    context     name to one line of clean text
    """

    pair: str
    timeframe: str
    price: float
    indicators: Mapping[str, float]
    context: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """Of everything but the price, in hexadecimal: equal for equal data, in whatever order it came."""
        told = [self.pair, self.timeframe, dict(self.indicators), dict(self.context)]
        return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def read(*, pair: str, timeframe: str, price: object, data: Mapping[str, object]) -> Given:
    """Check what a caller gives.

    Raises:  BadInput naming the field, such as market_data.rsi_14.
    """
    asked = pair.strip().upper()
    if not PAIR.fullmatch(asked):
        raise BadInput("pair", pair[:60], "give base/quote, such as BTC/USDT")
    if timeframe not in timeframes.SECONDS:
        raise BadInput("timeframe", timeframe[:20], f"give one of {', '.join(timeframes.SECONDS)}")
    at = _number("current_price", price)
    if not 0 < at < LARGEST_PRICE:
        raise BadInput("current_price", price, f"give a price above 0 and below {LARGEST_PRICE:g}")
    indicators, context = _sorted_out(data)
    return Given(asked, timeframe, at, indicators, context)


def brief(given: Given, *, at: datetime) -> Brief:
    """Return the brief of *given*, which came at *at*: the only time that is known of it."""
    moment = at.astimezone(UTC)
    market = SymbolBrief(
        symbol=given.pair,
        price=given.price,
        closed_at=moment,
        candles=(),
        indicators=dict(given.indicators),
        context=dict(given.context),
        source=GIVEN,
        sha256=given.sha256,
    )
    return Brief(timeframe=given.timeframe, as_of=moment, markets=(market,))


def _sorted_out(data: Mapping[str, object]) -> tuple[dict[str, float], dict[str, str]]:
    if not data:
        raise BadInput("market_data", {}, "give at least one indicator, such as rsi_14")
    if len(data) > MOST_ENTRIES:
        raise BadInput("market_data", f"{len(data)} entries", f"give at most {MOST_ENTRIES}")
    indicators: dict[str, float] = {}
    context: dict[str, str] = {}
    for name, value in data.items():
        key = _key(name)
        if key in indicators or key in context:
            raise BadInput(f"market_data.{key}", name, "it is given twice; names are the same in any case")
        if isinstance(value, str | list | tuple):
            context[key] = _text(f"market_data.{key}", value)
        else:
            indicators[key] = _number(f"market_data.{key}", value)
    if sum(map(len, context.values())) > MOST_CONTEXT:
        raise BadInput("market_data", "its lists and texts", f"together at most {MOST_CONTEXT} letters")
    return indicators, context


def _key(name: str) -> str:
    if not NAME.fullmatch(name):
        raise BadInput("market_data", untrusted.clean(name, limit=80), A_NAME)
    return name.lower()


def _number(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        shown = untrusted.clean(str(value), limit=60)
        raise BadInput(field, shown, "give a number, a list or a text" if "." in field else "give a number")
    if not math.isfinite(value) if isinstance(value, float) else abs(value) > LARGEST:
        raise BadInput(field, str(value)[:60], "give a finite number")
    if abs(value) > LARGEST:
        raise BadInput(field, value, f"give a number of at most {LARGEST:g}")
    return float(value)


def _text(field: str, value: object) -> str:
    if isinstance(value, str):
        return untrusted.clean(value, limit=MOST_TEXT)
    if _depth(value) > MOST_DEPTH:
        raise BadInput(field, "a list", f"it is nested deeper than {MOST_DEPTH}")
    try:
        said = orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise BadInput(field, "a list", "give numbers and texts as JSON has them") from error
    return untrusted.clean(said, limit=MOST_TEXT)


def _depth(value: object, so_far: int = 0) -> int:
    """Return how deep lists and objects are nested in *value*, counted no farther than one too deep."""
    if so_far > MOST_DEPTH:
        return so_far
    inner: Sequence[object] = ()
    if isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, list | tuple):
        inner = value
    return max((_depth(item, so_far + 1) for item in inner), default=so_far)
