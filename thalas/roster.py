"""Who may vote here: analysts always, providers when their keys may be used, the emulator on request."""

from decimal import Decimal
from functools import lru_cache

from providers.voters.analysts import ANALYSTS
from providers.voters.vendors import VoterSpec
from thalas.env import Environment
from thalas.env_providers import ProviderSettings

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
        offered += [_provided(provider) for provider in environment.providers if is_usable(provider)]
    if environment.house.emulator:
        offered += [_emulated(persona, environment.house.thalas_emulator_port) for persona in EMULATED]
    return {spec.name: spec for spec in offered}


def is_usable(provider: ProviderSettings) -> bool:
    """Say whether *provider* is switched on and either has a key or is a server on this machine."""
    return provider.enabled and (provider.api_key is not None or provider.is_local)


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


def _provided(provider: ProviderSettings) -> VoterSpec:
    return VoterSpec(
        name=provider.name,
        provider=provider.name,
        wire=provider.wire,
        model=provider.model,
        base_url=provider.base_url,
        weight=provider.weight,
        max_tokens=provider.max_tokens,
        temperature=provider.temperature,
        timeout_s=provider.timeout,
        max_retries=provider.max_retries,
        price="free" if provider.is_free else provider.price,
        enforced=provider.enforced,
        seed=provider.seed,
        effort=provider.effort,
    )


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
