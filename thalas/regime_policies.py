"""What the house does in each regime: one file, read and checked as a whole when a process starts."""

from functools import lru_cache
from pathlib import Path

import yaml
from django.core.exceptions import ImproperlyConfigured
from pydantic import BaseModel, ConfigDict, Field, ValidationError

import risk
from risk.limits import HIGHER_IS_TIGHTER, LOWER_IS_TIGHTER, problems

FILE = Path(__file__).parent / "regimes.yaml"


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
    limits: dict[str, float] = {}


class FileIn(_Strict):
    """The whole file."""

    thresholds: ThresholdsIn
    policies: dict[str, PolicyIn]


class Policies:
    """The policies of a file that has been checked."""

    def __init__(self, wanted: FileIn) -> None:
        self.thresholds = risk.Thresholds(**wanted.thresholds.model_dump())
        self._policies = {
            name: risk.Policy(name, policy.size_factor, tuple(sorted(policy.limits.items())))
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
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _wrong(path, [str(error)]) from error
    try:
        wanted = FileIn.model_validate(content)
    except ValidationError as error:
        raise _wrong(path, [_told(item["loc"], item["msg"]) for item in error.errors()]) from error
    found = [*_misnamed(wanted), *_beyond(wanted)]
    if found:
        raise _wrong(path, found)
    return Policies(wanted)


def _misnamed(wanted: FileIn) -> list[str]:
    known, given = set(risk.REGIMES), set(wanted.policies)
    unknown = [f"policies.{name}: there is no such regime" for name in sorted(given - known)]
    missing = [f"policies.{name}: is missing" for name in sorted(known - given)]
    crossed = ["thresholds.calm: must be below stressed"]
    return unknown + missing + (crossed if wanted.thresholds.calm >= wanted.thresholds.stressed else [])


def _beyond(wanted: FileIn) -> list[str]:
    """Return what is wrong with limits: unknown, out of range, or none that a policy can tighten."""
    found = []
    for regime, policy in wanted.policies.items():
        whole = {
            name: int(value) if value == int(value) and name == "max_positions" else value
            for name, value in policy.limits.items()
        }
        told = problems(whole)
        for name in policy.limits:
            if name not in told and name not in LOWER_IS_TIGHTER | HIGHER_IS_TIGHTER:
                told[name] = "says how to measure; a policy cannot tighten it"
        found += [f"policies.{regime}.limits.{name}: {problem}" for name, problem in told.items()]
    return found


def _told(place: tuple[int | str, ...], what: str) -> str:
    return f"{'.'.join(map(str, place)) or 'the file'}: {what}"


def _wrong(path: Path, found: list[str]) -> ImproperlyConfigured:
    listed = "\n".join(f"  {problem}" for problem in found)
    return ImproperlyConfigured(f"{path.name} cannot be used:\n{listed}")
