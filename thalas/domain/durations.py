"""Lengths of time as people type them: 90d, 12h, 30m, 2w."""

import re
from datetime import timedelta

from thalas.errors import BadInput

UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
TYPED = re.compile(r"([0-9]{1,6})([mhdw])", re.ASCII)
LONGEST = timedelta(days=3660)


def parsed(field: str, typed: str) -> timedelta:
    """Return the length that *typed* stands for, at most ten years.

    Raises:  BadInput naming *field*.
    """
    match = TYPED.fullmatch(typed.strip().lower())
    length = None if match is None else int(match[1]) * UNITS[match[2]]
    if length is None or length > LONGEST:
        raise BadInput(field, typed, "give a number and m, h, d or w, such as 90d; at most ten years")
    return length
