"""All rules about the container files, each a function that raises AssertionError where it does not hold."""

import inspect
from collections.abc import Callable, Mapping

from tests.containers import doors, images, parts, running, storage, sums
from tests.containers.parts import Parts
from thalas import env

Rule = Callable[[Parts], None]
RULES: list[Rule] = [
    rule
    for module in (running, doors, storage, images, sums)
    for name, rule in inspect.getmembers(module, inspect.isfunction)
    if rule.__module__ == module.__name__ and not name.startswith("_")
]


def first_red(texts: Mapping[str, str]) -> str | None:
    """Return the name of the first rule that *texts* break, or None; files that cannot be read break all."""
    try:
        seen = parts.read(texts)
    except ValueError:
        return "readable"
    for rule in RULES:
        try:
            rule(seen)
        except (AssertionError, ValueError, LookupError, env.EnvironmentProblems):
            return rule.__name__
    return None
