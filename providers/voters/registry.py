"""Provisional: the helper replaces this file."""

from dataclasses import dataclass

from providers.voters.analysts import ANALYSTS
from providers.voters.types import Voter


@dataclass(frozen=True, slots=True)
class Vendor:
    name: str
    wire: str
    base_url: str
    default_model: str


VENDORS = {"openai": Vendor("openai", "openai_chat", "https://api.openai.com/v1", "gpt-5-mini")}


@dataclass(frozen=True, slots=True)
class VoterSpec:
    name: str
    provider: str
    wire: str
    model: str
    base_url: str
    weight: float
    max_tokens: int = 2000
    temperature: float | None = None
    timeout_s: float = 12.0
    max_retries: int = 1
    price: str | None = None
    is_simulated: bool = False


def build(spec: VoterSpec, *, api_key: str | None) -> Voter:
    return ANALYSTS[spec.model]
