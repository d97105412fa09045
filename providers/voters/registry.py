"""How a voter is made from its description."""

from functools import lru_cache
from threading import Lock

from providers.errors import ErrorKind, PermanentVoterError
from providers.retries import Patience
from providers.voters import prices, prompts
from providers.voters.analysts import ANALYSTS
from providers.voters.openai_chat import OpenAIChatVoter
from providers.voters.types import Voter
from providers.voters.vendors import ANALYST, OPENAI_CHAT, VENDORS, VoterSpec


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
