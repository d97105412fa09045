"""Which vendors there are, and how a voter is made from its description."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from types import MappingProxyType

from providers.errors import ErrorKind, PermanentVoterError
from providers.retries import Patience
from providers.voters import prices, prompts
from providers.voters.analysts import ANALYSTS
from providers.voters.openai_chat import OpenAIChatVoter
from providers.voters.types import Voter

ANALYST = "analyst"
OPENAI_CHAT = "openai_chat"


@dataclass(frozen=True, slots=True)
class Vendor:
    """A provider known by name, so that its key alone is enough to ask it.

    listed_as  what the price list calls it
    """

    name: str
    wire: str
    base_url: str
    default_model: str
    listed_as: str


VENDORS: Mapping[str, Vendor] = MappingProxyType(
    {
        vendor.name: vendor
        for vendor in (
            # A model that answers without thinking first, unless told to: the whole budget of tokens
            # is left for the ballot, and votes come within seconds.
            Vendor("openai", OPENAI_CHAT, "https://api.openai.com/v1", "gpt-5.4-mini", "openai"),
        )
    }
)


@dataclass(frozen=True, slots=True)
class VoterSpec:
    """Everything about a voter but its key.

    provider  a vendor's name, "analyst", or any other name for a server with a known wire
    price     "free", or "<US$ per million tokens in>/<out>"; None asks the price list
    """

    name: str
    provider: str
    wire: str
    model: str
    base_url: str
    weight: float
    max_tokens: int = 2_000
    temperature: float | None = None
    timeout_s: float = 12.0
    max_retries: int = 1
    price: str | None = None
    is_simulated: bool = False


def build(spec: VoterSpec, *, api_key: str | None) -> Voter:
    """Return the voter that *spec* describes; the same one each time, so that its connections last.

    Raises:  PermanentVoterError: NOT_CONFIGURED, or UNPRICED if the stated price cannot be read.
    """
    with _building:
        return _build(spec, api_key)


_building = Lock()


@lru_cache(maxsize=256)
def _build(spec: VoterSpec, api_key: str | None) -> Voter:
    if spec.wire == ANALYST:
        if spec.model not in ANALYSTS:
            raise _not_configured(f"there is no analyst {spec.model!r}, only {', '.join(sorted(ANALYSTS))}")
        return ANALYSTS[spec.model]
    if spec.wire == OPENAI_CHAT:
        return _openai_chat(spec, api_key)
    raise _not_configured(f"{spec.name} speaks the wire {spec.wire!r}, which is not known here")


def _openai_chat(spec: VoterSpec, api_key: str | None) -> OpenAIChatVoter:
    vendor = VENDORS.get(spec.provider)
    if vendor is not None and spec.base_url == vendor.base_url and not (api_key or "").strip():
        raise _not_configured(f"{spec.name} needs {vendor.name.upper()}_API_KEY")
    return OpenAIChatVoter(
        name=spec.name,
        provider=spec.provider,
        model=spec.model,
        base_url=spec.base_url,
        api_key=api_key,
        price=prices.find(
            spec.price, listed_as=vendor.listed_as if vendor else spec.provider, model=spec.model
        ),
        max_tokens=spec.max_tokens,
        temperature=spec.temperature,
        patience=Patience(spec.max_retries),
        prompt=prompts.load(),
    )


def _not_configured(why: str) -> PermanentVoterError:
    return PermanentVoterError(ErrorKind.NOT_CONFIGURED, why)
