"""Closes as a line: the geometry of a small picture, drawn by the server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thalas import figures

WIDTH, HEIGHT, MARGIN = 600.0, 160.0, 10.0
# A level farther away than this many times the closes' own range would press their line flat.
REACH = 2.0


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with a name; *y* is its place in the picture, empty if it lies outside."""

    name: str
    price: str
    y: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of closes in a box of WIDTH x HEIGHT, y downwards; *title* says in words what it shows."""

    title: str
    points: str
    last_x: str
    last_y: str
    low: str
    high: str
    last: str
    levels: tuple[Level, ...]


def draw(what: str, closes: Sequence[float], levels: Mapping[str, float]) -> Chart:
    """Draw *closes*, oldest first and at least one, with *levels* by name."""
    low, high = min(closes), max(closes)
    span = (high - low) or abs(high) or 1.0
    near = {name: y for name, y in levels.items() if low - REACH * span <= y <= high + REACH * span}
    bottom, top = min(low, *near.values(), high), max(high, *near.values(), low)
    ys = [_y(close, bottom, top) for close in closes]
    xs = [_x(index, len(closes)) for index in range(len(closes))]
    return Chart(
        title=_title(what, closes, levels),
        points=" ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True)),
        last_x=f"{xs[-1]:.1f}",
        last_y=f"{ys[-1]:.1f}",
        low=figures.price(low),
        high=figures.price(high),
        last=figures.price(closes[-1]),
        levels=tuple(
            Level(name, figures.price(level), f"{_y(level, bottom, top):.1f}" if name in near else "")
            for name, level in levels.items()
        ),
    )


def _x(index: int, count: int) -> float:
    return MARGIN + (WIDTH - 2 * MARGIN) * (index / (count - 1) if count > 1 else 1.0)


def _y(price: float, bottom: float, top: float) -> float:
    share = (price - bottom) / (top - bottom) if top > bottom else 0.5
    return HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share


def _title(what: str, closes: Sequence[float], levels: Mapping[str, float]) -> str:
    told = [
        f"{what}: {len(closes)} closes from {figures.price(closes[0])} to {figures.price(closes[-1])}",
        f"between {figures.price(min(closes))} and {figures.price(max(closes))}",
        *(f"{name} at {figures.price(level)}" for name, level in levels.items()),
    ]
    return ", ".join(told)
