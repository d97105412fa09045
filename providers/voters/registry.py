"""How a voter is made from its description."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from threading import Lock
from types import MappingProxyType

from providers.errors import ErrorKind, PermanentVoterError
from providers.retries import Patience
from providers.voters import prices, prompts, vendors
from providers.voters.analysts import ANALYSTS
from providers.voters.anthropic_messages import AnthropicMessages
from providers.voters.gemini import Gemini
from providers.voters.model_voters import ModelVoter, Settings
from providers.voters.openai_chat import OpenAIChat
from providers.voters.openai_responses import OpenAIResponses
from providers.voters.types import Voter
from providers.voters.vendors import VENDORS, Abilities, VoterSpec
from providers.voters.wires import Wire

WIRES: Mapping[str, Wire] = MappingProxyType(
    {
        vendors.ANTHROPIC_MESSAGES: AnthropicMessages(),
        vendors.GEMINI: Gemini(),
        vendors.OPENAI_CHAT: OpenAIChat(),
        vendors.OPENAI_RESPONSES: OpenAIResponses(),
    }
)


def build(spec: VoterSpec, *, api_key: str | None) -> Voter:
    """Return the voter that *spec* describes; the same one each time, so that its connections last.

    Raises:  PermanentVoterError: NOT_CONFIGURED, or UNPRICED if the stated price cannot be read.
    """
    with _building:
        return _build(spec, api_key)


_building = Lock()


@lru_cache(maxsize=256)
def _build(spec: VoterSpec, api_key: str | None) -> Voter:
    if spec.wire == vendors.ANALYST:
        if spec.model not in ANALYSTS:
            raise _not_configured(f"there is no analyst {spec.model!r}, only {', '.join(sorted(ANALYSTS))}")
        return ANALYSTS[spec.model]
    if spec.wire not in WIRES:
        raise _not_configured(f"{spec.name} speaks the wire {spec.wire!r}, which is not known here")
    return _model_voter(spec, WIRES[spec.wire], api_key)


def _model_voter(spec: VoterSpec, wire: Wire, api_key: str | None) -> ModelVoter:
    vendor = VENDORS.get(spec.provider)
    if vendor and vendor.needs_key and spec.base_url == vendor.base_url and not (api_key or "").strip():
        raise _not_configured(f"{spec.name} needs {vendor.key_names}")
    return ModelVoter(
        wire,
        name=spec.name,
        provider=spec.provider,
        model=spec.model,
        base_url=spec.base_url,
        api_key=api_key,
        price=price(spec),
        settings=Settings(spec.max_tokens, spec.temperature, spec.seed, spec.effort),
        abilities=_abilities(spec),
        patience=Patience(spec.max_retries),
        prompt=prompt(spec),
    )


def prompt(spec: VoterSpec) -> prompts.Prompt:
    """Return the instructions that the model of *spec* is given."""
    return prompts.with_persona(prompts.load(), spec.persona)


def price(spec: VoterSpec) -> prices.Price:
    """Return the stated price, else what the vendor's row says of its own server, else the list's."""
    vendor = VENDORS.get(spec.provider)
    if vendor is None:
        return prices.find(spec.price, listed_as=spec.provider, model=spec.model)
    is_usual = (spec.base_url, spec.model) == (vendor.base_url, vendor.default_model)
    stated = vendor.price if spec.price is None and is_usual else spec.price
    return prices.find(stated, listed_as=vendor.listed_as, model=spec.model)


def _abilities(spec: VoterSpec) -> Abilities:
    known = vendors.abilities(spec.provider, spec.wire)
    return known if spec.enforced is None else replace(known, enforced=spec.enforced)


def _not_configured(why: str) -> PermanentVoterError:
    return PermanentVoterError(ErrorKind.NOT_CONFIGURED, why)
