"""What the house does in each regime: one file, read and checked as a whole when a process starts."""

from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeGuard

import yaml
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import risk
from risk.limits import HIGHER_IS_TIGHTER, LOWER_IS_TIGHTER, problems
from risk.numbers import describe, finite

FILE = Path(__file__).parent / "regimes.yaml"
TIGHTENING = LOWER_IS_TIGHTER | HIGHER_IS_TIGHTER


class _Loader(yaml.SafeLoader):
    """Reads YAML, and refuses a name that stands twice in one place: one of the two would be forgotten."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """Return the mapping of *node*, whose names differ."""
        names = [self.construct_object(key, deep=True) for key, _ in node.value]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name} stands there twice", node.value[place][0].start_mark
                )
        return super().construct_mapping(node, deep)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ThresholdsIn(_Strict):
    """Where regimes begin and end; see `risk.Thresholds`."""

    window: int = Field(ge=2, le=200)
    history: int = Field(ge=2, le=100)
    efficiency: float = Field(ge=0, le=1)
    calm: float = Field(ge=0, le=1)
    stressed: float = Field(ge=0, le=1)


class PolicyIn(_Strict):
    """What one regime asks for."""

    size_factor: float = Field(ge=0, le=1)
    limits: dict[str, object] = {}  # looked at one by one, below


class FileIn(_Strict):
    """The whole file."""

    thresholds: ThresholdsIn
    policies: dict[str, PolicyIn]


class Policies:
    """The policies of a file that has been checked."""

    def __init__(self, wanted: FileIn) -> None:
        self.thresholds = risk.Thresholds(**wanted.thresholds.model_dump())
        self._policies = {
            name: risk.Policy(name, policy.size_factor, _sorted(policy.limits))
            for name, policy in wanted.policies.items()
        }

    def of(self, regime: str) -> risk.Policy:
        """Return what *regime* asks for."""
        return self._policies[regime]


@lru_cache(maxsize=1)
def policies() -> Policies:
    """Return the house's policies.

    Raises:  ImproperlyConfigured naming all that is wrong with the file.
    """
    return read(FILE)


def read(path: Path) -> Policies:
    """Return the policies in the file at *path*.

    Raises:  ImproperlyConfigured naming all that is wrong with it.
    """
    try:
        content: object = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # a safe one
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(path, [str(error)]) from error
    found = [*_misnamed(content), *_crossed(content), *_beyond(content)]
    try:
        wanted = FileIn.model_validate(content)
    except ValidationError as error:
        raise _wrong(path, [*(_told(item["loc"], item) for item in error.errors()), *found]) from error
    if found:
        raise _wrong(path, found)
    return Policies(wanted)


def _misnamed(content: object) -> Iterator[str]:
    """Yield each name of a policy that is no regime's, and each regime without a policy."""
    given = _part(content, "policies")
    known = ", ".join(risk.REGIMES)
    yield from (
        f"policies.{name}: there is no such regime; there are {known}"
        for name in given
        if name not in risk.REGIMES
    )
    yield from (f"policies.{name}: is missing" for name in risk.REGIMES if given and name not in given)


def _crossed(content: object) -> Iterator[str]:
    thresholds = _part(content, "thresholds")
    calm, stressed = finite(thresholds.get("calm")), finite(thresholds.get("stressed"))
    if calm is not None and stressed is not None and calm >= stressed:
        yield f"thresholds.calm={describe(calm)}: must be below stressed, which is {describe(stressed)}"


def _beyond(content: object) -> Iterator[str]:
    """Yield what is wrong with limits: unknown, out of range, or none that a policy can tighten."""
    for regime, policy in _part(content, "policies").items():
        limits = _part(policy, "limits")
        told = problems({str(name): value for name, value in limits.items()})
        for name in map(str, limits):
            if name not in told and name not in TIGHTENING:
                told[name] = "says how to measure; a policy cannot tighten it"
        for name, problem in told.items():
            given = describe(limits.get(name))
            yield f"policies.{regime}.limits.{name}={given}: {problem.removeprefix(given).lstrip()}"


def _part(content: object, name: str) -> Mapping[object, object]:
    """Return the mapping called *name* in *content*; an empty one if there is none, which others tell."""
    found = content.get(name) if _is_mapping(content) else None
    return found if _is_mapping(found) else {}


def _is_mapping(value: object) -> TypeGuard[dict[object, object]]:
    return isinstance(value, dict)


def _sorted(limits: Mapping[str, object]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, float(str(value))) for name, value in limits.items()))


def _told(place: tuple[int | str, ...], fault: Mapping[str, object]) -> str:
    """Return where pydantic found what, and what would be right."""
    where, given = ".".join(map(str, place)) or "the file", fault["input"]
    is_there = fault["type"] != "missing" and not isinstance(given, dict)
    return f"{where}{f'={describe(given)}' if is_there else ''}: {fault['msg']}"


def _wrong(path: Path, found: list[str]) -> ImproperlyConfigured:
    listed = "\n".join(f"  {problem}" for problem in found)
    return ImproperlyConfigured(f"{path.name} cannot be used:\n{listed}")
