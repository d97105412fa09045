"""Asking a provider for its list of models: it costs nothing, and shows that server and key are well."""

from dataclasses import dataclass

import orjson

from providers import http
from providers.errors import ErrorKind, PermanentVoterError, VoterError
from providers.voters import rejections, vendors
from providers.voters.registry import WIRES
from providers.voters.vendors import VoterSpec

# Their documentation describes no list.
WITHOUT = {"perplexity"}
MAX_MODELS = 10_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The models that a provider says it has; *has_asked* if the voter's own is among them."""

    models: int
    has_asked: bool


def has_list(spec: VoterSpec) -> bool:
    """Say whether the server of *spec* can be asked for its models."""
    return spec.wire in WIRES and spec.provider not in WITHOUT


def read(spec: VoterSpec, *, api_key: str | None, timeout_s: float) -> Listing:
    """Ask the server of *spec* for its list of models.

    Raises:  VoterError; its message says why there is none.
    """
    key = http.usable_key(api_key)
    reply = http.server(spec.base_url).get(
        _path(spec), headers=WIRES[spec.wire].headers(key), timeout_s=timeout_s
    )
    if isinstance(reply, http.NoReply):
        raise reply.error
    if reply.status != 200:
        raise rejections.voter_error(spec.provider, reply.status, reply.body, key=key)
    names = _names(reply.body)
    if names is None:
        raise _unreadable(spec)
    asked = spec.model.removeprefix("models/")
    return Listing(len(names), asked in names)


def _path(spec: VoterSpec) -> str:
    is_unversioned = spec.wire == vendors.ANTHROPIC_MESSAGES and not spec.base_url.rstrip("/").endswith("/v1")
    return "v1/models" if is_unversioned else "models"


def _names(body: bytes) -> set[str] | None:
    """Return the names in {"data": [{"id": …}]}, {"models": [{"name": …}]} or a bare list of these."""
    try:
        found: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    rows = (found.get("data") or found.get("models")) if isinstance(found, dict) else found
    if not isinstance(rows, list):
        return None
    named = [row.get("id") or row.get("name") for row in rows[:MAX_MODELS] if isinstance(row, dict)]
    return {name.removeprefix("models/") for name in named if isinstance(name, str)}


def _unreadable(spec: VoterSpec) -> VoterError:
    return PermanentVoterError(ErrorKind.BAD_RESPONSE, f"{spec.provider} answered with no list of models")
