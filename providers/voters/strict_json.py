"""JSON that says one thing: no NaN, no bottomless nesting, no name twice in one place."""

import json

import orjson


class NotStrict(Exception):
    """Text that is no such JSON; the message says why, and quotes a name at most."""


def loads(text: str) -> object:
    """Return the value that *text* holds.

    Raises:  NotStrict
    """
    try:
        # orjson knows no NaN and no infinity, and bounds the depth; it takes the last of two equal
        # keys, so the standard parser then looks for those.
        found: object = orjson.loads(text)
        json.loads(text, object_pairs_hook=_without_duplicates, parse_int=str, parse_float=str)
    except RecursionError:
        raise NotStrict("it is nested too deeply") from None
    except ValueError:
        raise NotStrict("it is not JSON") from None
    return found


def _without_duplicates(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise NotStrict(f"it says {_plain(name)!r} twice in one place")
        seen.add(name)


def _plain(name: str) -> str:
    return "".join(character for character in name[:40] if character.isprintable())
