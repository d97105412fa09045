"""Which vendors there are, and how a voter is described: data only, cheap to read for every process."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

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
