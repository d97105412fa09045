"""Who may vote here: analysts always, providers when their keys may be used, the emulator on request."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from providers.voters import prompts
from providers.voters.analysts import ANALYSTS
from providers.voters.vendors import VoterSpec
from thalas import local_llm
from thalas.env import Environment
from thalas.env_providers import ProviderSettings
from thalas.env_voters import Seat

ANALYST_TIMEOUT_S = 5.0
EMULATED = ("bull", "bear", "trend", "doubter")
# What the emulator's pretend answers would cost, so that costs show; nobody is paid.
EMULATED_PRICE = "0.25/2.00"
EMULATED_CAP_USD = Decimal(100)


@lru_cache(maxsize=4)
def specs(environment: Environment) -> dict[str, VoterSpec]:
    """Return every voter this environment offers, by name."""
    offered = [_analyst(name) for name in ANALYSTS]
    if environment.house.use_keys:
        offered += [_provided(seat, environment) for seat in _seats(environment) if is_usable(seat.provider)]
    if environment.house.emulator:
        offered += [_emulated(persona, environment.house.thalas_emulator_port) for persona in EMULATED]
    if environment.house.local_llm:
        offered.append(local_llm.voter(environment.house.thalas_local_llm_port))
    return {spec.name: spec for spec in offered}


def is_usable(provider: ProviderSettings) -> bool:
    """Say whether *provider* is switched on and either has a key or is a server on this machine."""
    return provider.enabled and (provider.api_key is not None or provider.is_local)


def prompts_sha256(environment: Environment, voters: Iterable[str]) -> list[str]:
    """Return the hashes of the instructions that *voters* are given, each once, sorted."""
    offered = specs(environment)
    told = [prompts.with_persona(prompts.load(), offered[name].persona) for name in voters if name in offered]
    return sorted({prompt.sha256 for prompt in told})


def absent(environment: Environment) -> dict[str, str]:
    """Return the voters that could be offered and are not, each with the reason."""
    offered = specs(environment)
    seats = {seat.name: seat.provider for seat in _seats(environment)}
    return {name: _why_absent(provider) for name, provider in seats.items() if name not in offered}


def _why_absent(provider: ProviderSettings) -> str:
    if not provider.enabled:
        return f"{provider.name} is switched off by its variable"
    if not is_usable(provider):
        return f"{provider.name} has no key"
    return "USE_KEYS=1 is missing, without which no provider is asked"


def _seats(environment: Environment) -> list[Seat]:
    """Return those of the file, and one for each provider that the file does not name."""
    named = {seat.provider.name for seat in environment.voters}
    rest = [Seat(one.name, one, None) for one in environment.providers if one.name not in named]
    return [*environment.voters, *rest]


def api_key(environment: Environment, spec: VoterSpec) -> str | None:
    """Return the key for *spec*'s provider, or None where it needs none."""
    for provider in environment.providers:
        if provider.name == spec.provider and provider.api_key is not None:
            return provider.api_key.get_secret_value()
    return None


def caps_usd(environment: Environment) -> dict[str, Decimal]:
    """Return the daily cap that a provider starts with, in US dollars."""
    return {"emulator": EMULATED_CAP_USD, **environment.cap_usd_per_day}


def _analyst(name: str) -> VoterSpec:
    return VoterSpec(
        name=name,
        provider="analyst",
        wire="analyst",
        model=name,
        base_url="",
        weight=1.0,
        timeout_s=ANALYST_TIMEOUT_S,
        price="free",
    )


def _provided(seat: Seat, environment: Environment) -> VoterSpec:
    provider = seat.provider
    return VoterSpec(
        name=seat.name,
        provider=provider.name,
        wire=provider.wire,
        model=provider.model,
        base_url=provider.base_url,
        weight=provider.weight,
        max_tokens=provider.max_tokens,
        temperature=provider.temperature,
        timeout_s=provider.timeout,
        max_retries=provider.max_retries,
        price=_price(provider, environment),
        enforced=provider.enforced,
        seed=provider.seed,
        effort=provider.effort,
        requests_per_minute=provider.requests_per_minute,
        tokens_per_minute=provider.tokens_per_minute,
        persona=seat.persona,
    )


def _price(provider: ProviderSettings, environment: Environment) -> str | None:
    """Return the price that somebody states; None leaves it to the price list."""
    if provider.price is not None:
        return provider.price
    return environment.prices.of(provider.name, provider.model) or ("free" if provider.is_free else None)


def _emulated(persona: str, port: int) -> VoterSpec:
    return VoterSpec(
        name=f"emulated-{persona}",
        provider="emulator",
        wire="openai_chat",
        model=f"emulated-{persona}",
        base_url=f"http://127.0.0.1:{port}/v1",
        weight=1.0,
        timeout_s=8.0,
        max_retries=0,
        price=EMULATED_PRICE,
        is_simulated=True,
    )
