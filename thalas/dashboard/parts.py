"""The small parts that several pages are made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value; *is_code* for what is copied rather than read."""

    name: str
    value: str
    is_code: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a whole: *share* in percent for the picture, *text* for people."""

    share: str
    text: str


def bar(part: float, whole: float, text: str) -> Bar:
    """Return *part* of *whole* as a bar; nothing of nothing is an empty one."""
    share = 100.0 * min(max(part / whole, 0.0), 1.0) if whole > 0 else 0.0
    return Bar(share=f"{share:.1f}", text=text)
