"""How often Python looks for garbage."""

import gc

OBJECTS = 50_000


def collect_seldom() -> None:
    """Look for garbage once in 50,000 new objects instead of once in 700.

    Reading code makes hundreds of thousands of objects and no garbage; looking through them again and
    again is a fifth of the time that a process needs to start.
    """
    gc.set_threshold(OBJECTS, 20, 20)
