"""Numbers, moments and strangers' words as people read them."""

from datetime import datetime
from decimal import Decimal

NOTHING = "–"


def usd(amount: Decimal) -> str:
    """Return an amount of US dollars; below ten cents with four places, so that a call's cost shows."""
    if amount == 0:
        return "US$ 0"
    if 0 < amount < Decimal("0.00005"):
        return "below US$ 0.0001"
    return f"US$ {amount:,.4f}" if abs(amount) < Decimal("0.1") else f"US$ {amount:,.2f}"


def duration(ms: float) -> str:
    """Return a duration given in milliseconds."""
    return f"{ms:,.0f} ms" if ms < 10_000 else f"{ms / 1000:,.1f} s"


def price(level: Decimal | float | None) -> str:
    """Return a price level; small ones keep six significant digits."""
    if level is None:
        return NOTHING
    number = float(level)
    return f"{number:,.2f}" if abs(number) >= 1 else f"{number:.6g}"


def reading(value: str | float | None) -> str:
    """Return a check's value, its limit or an indicator, whatever kind it is."""
    if value is None:
        return NOTHING
    if isinstance(value, bool | str):
        return plain(str(value))
    return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.2f}"


def moment(at: datetime | None) -> str:
    """Return a moment to the second, in UTC."""
    return NOTHING if at is None else f"{at:%Y-%m-%d %H:%M:%S} UTC"


def market_moment(at: datetime) -> str:
    """Return a moment of the market to the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def started_over(lap: int) -> str:
    """Return the mark of a replay that is not in its first pass, else nothing."""
    return f"replay, started over {lap}×" if lap else ""


def plain(text: str) -> str:
    """Return *text* without what no eye sees: control characters, and marks that turn the line around."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
