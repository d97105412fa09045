"""The file of voters: several of one provider, each with a model, a persona and settings of its own.

`THALAS_VOTERS_FILE` names a TOML file with one `[[voter]]` table for each. What an entry does not say is as
its provider's variables have it. A provider that the file names has the file's voters and no other.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from providers.voters import prompts, vendors
from providers.voters.prompts import Prompt
from thalas import env_tables
from thalas.env_prices import Prices
from thalas.env_providers import (
    TAKEN,
    Effort,
    MaxTokens,
    Model,
    Price,
    ProviderSettings,
    Seed,
    Temperature,
    Timeout,
    Weight,
    not_taken,
)

VARIABLE = "THALAS_VOTERS_FILE"
EMULATED = "emulated-"
# A model's own: what fits one model of a provider need not fit another.
OF_THE_MODEL = ("temperature", "effort", "price")
# What all voters of a provider share; a key in particular belongs in no file of voters.
OF_THE_PROVIDER = {"api_key", "base_url", "wire", "enforced", "enabled", "max_retries", "cap_usd_per_day"}
NAME = r"^[a-z0-9][a-z0-9_.-]{0,59}$"


def _a_name(value: str) -> str:
    if not re.fullmatch(NAME, value):
        raise ValueError("takes small letters, digits, _ . and -, at most 60, a letter or digit first")
    return value


class VoterEntry(BaseModel):
    """One voter as the file describes it; None leaves a setting to its provider.

    persona  one that comes with the house, or the path of a file, seen from the voters file
    price    as in the provider's variable
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    name: Annotated[str, AfterValidator(_a_name)]
    provider: str
    model: Model | None = None
    persona: str | None = None
    weight: Weight | None = None
    max_tokens: MaxTokens | None = None
    temperature: Temperature | None = None
    seed: Seed | None = None
    effort: Effort | None = None
    timeout: Timeout | None = None
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A voter of the file: *provider* is how it is asked, with the voter's own settings in place."""

    name: str
    provider: ProviderSettings
    persona: Prompt | None


@dataclass(frozen=True, slots=True)
class Known:
    """What the rest of the environment says.

    configured  by name, the providers that can be used
    mentioned   all that it speaks of, also those with problems of their own
    prices      what the file of prices says
    """

    configured: Mapping[str, ProviderSettings]
    mentioned: Collection[str]
    prices: Prices


def read_voters(path: Path, known: Known) -> tuple[tuple[Seat, ...], list[str]]:
    """Return the voters in the file at *path*, and all that is wrong with it, never with a secret in it."""
    tables, problems = env_tables.read(path, variable=VARIABLE, of="voter")
    seats: list[Seat] = []
    names: list[str] = []
    for number, table in enumerate(tables, start=1):
        entry, wrong = _entry(table)
        if entry is not None:
            seat, wrong = _seated(entry, known, path.parent, names)
            seats += [seat] if seat is not None else []
            names.append(entry.name)
        problems += [f"{VARIABLE}: {_called(number, table)}: {why}" for why in wrong]
    return tuple(seats), problems


def _called(number: int, table: object) -> str:
    """Return what people call the entry: its place, and its name if it has one that can be shown."""
    name = table.get("name") if isinstance(table, dict) else None
    shown = f" ({name})" if isinstance(name, str) and env_tables.is_a_name(name) else ""
    return f"voter {number}{shown}"


def _entry(table: object) -> tuple[VoterEntry | None, list[str]]:
    try:
        return VoterEntry.model_validate(table), []
    except ValidationError as error:
        ours = isinstance(table, dict) and sorted(OF_THE_PROVIDER & set(table))
        hint = [f"{', '.join(ours)}: set by the provider's variables, not here"] if ours else []
        return None, env_tables.told(error, VoterEntry) + hint


def _seated(
    entry: VoterEntry, known: Known, folder: Path, before: Collection[str]
) -> tuple[Seat | None, list[str]]:
    wrong = _wrong_name(entry, known, before)
    persona = None
    try:
        persona = _persona(entry.persona, folder)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        wrong.append(f"persona = {entry.persona!r}: {reason}")
    provider = known.configured.get(entry.provider)
    if provider is None:
        wrong += _unknown(entry.provider, known)
        return None, wrong
    settings = _settings(provider, entry)
    wrong += [f"{field}: {why}" for field, why in not_taken(settings)]
    is_priced = known.prices.of(provider.name, settings.model) is not None
    if settings.is_free and not (provider.is_free or is_priced or entry.price):
        wrong.append(f"price: {provider.name}'s is that of {provider.model}; state this model's, or free")
    return (None if wrong else Seat(entry.name, settings, persona)), wrong


def _wrong_name(entry: VoterEntry, known: Known, before: Collection[str]) -> list[str]:
    if entry.name in before:
        return ["name: an earlier voter of the file has it"]
    others = ({*known.configured, *vendors.VENDORS} - {entry.provider}) | TAKEN
    if entry.name in others or entry.name.startswith(EMULATED):
        return [f"name: {entry.name} is another provider or a voter of the house; take another name"]
    return []


def _unknown(provider: str, known: Known) -> list[str]:
    """Say why *provider* cannot be used; nothing if its own variables are told about already."""
    if provider in known.mentioned:
        return []
    vendor = next((v for v in vendors.VENDORS.values() if provider in (v.name, *v.also)), None)
    if vendor is not None and vendor.name != provider:
        why = f"it is called {vendor.name} here"
    elif vendor is not None:
        variable = vendor.key_names if vendor.needs_key else f"{vendor.prefixes[0]}MODEL"
        why = f"the environment does not configure it; set {variable}"
    else:
        names = ", ".join(sorted(known.configured)) or "none"
        why = f"the environment configures no such provider, but {names}"
    return [f"provider = {provider!r}: {why}"]


def _persona(named: str | None, folder: Path) -> Prompt | None:
    if named is None:
        return None
    if "/" in named or named.endswith(".md"):
        return prompts.read_persona(folder / Path(named).expanduser())
    if named not in prompts.personas():
        known = ", ".join(prompts.personas())
        raise ValueError(f"there is none of that name; known are {known}, or the path of a file of your own")
    return prompts.read_persona(prompts.PERSONAS / f"{named}.md")


def _settings(provider: ProviderSettings, entry: VoterEntry) -> ProviderSettings:
    """Return *provider* with what *entry* says in its place; another model leaves the first one's behind."""
    changes: dict[str, object] = {}
    if entry.model not in (None, provider.model):
        changes = dict.fromkeys(OF_THE_MODEL) | ({"price": "free"} if provider.is_free else {})
    changes |= entry.model_dump(exclude={"name", "provider", "persona"}, exclude_none=True)
    return provider.model_copy(update=changes)
