"""The part of the environment that adds voters: `{PROVIDER}_API_KEY`, `_BASE_URL`, `_MODEL` and the rest."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from providers.voters import vendors
from providers.voters.analysts import ANALYSTS

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# A provider by such a name would take the seat, or the budget, of voters that come with the house.
TAKEN = {vendors.ANALYST, "emulator", *ANALYSTS}
# Known in many shells for other tools, and not spoken here: their keys must not go to another kind of server.
OTHER_WIRES = {"anthropic", "gemini", "google"}
DEFAULT_CAP_USD_PER_DAY = Decimal("1.00")


class ProviderSettings(BaseModel):
    """One provider as the environment describes it; each field is `{NAME}_{FIELD}` in capitals.

    price            "free", or "<US$ per million tokens in>/<out>"; None asks the price list
    cap_usd_per_day  calls that could pass it are not made
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(max_length=40)]
    base_url: str
    model: Annotated[str, Field(max_length=100)]
    api_key: SecretStr | None = None
    enabled: bool = True
    weight: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = 1.0
    max_tokens: Annotated[int, Field(ge=64, le=100_000)] = 2_000
    temperature: Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None = None
    timeout: Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)] = 12.0
    max_retries: Annotated[int, Field(ge=0, le=5)] = 1
    price: str | None = None
    cap_usd_per_day: Annotated[Decimal, Field(ge=0, le=100_000)] = DEFAULT_CAP_USD_PER_DAY

    @field_validator("base_url")
    @classmethod
    def _is_a_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
            raise ValueError("must be an http(s) URL without a user or password in it")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("must be https unless the server is on this machine")
        if parts.query or parts.fragment:
            raise ValueError("must be an address without a query; keys belong in the variable for the key")
        _ = parts.port  # raises ValueError for one that is no number
        return value.rstrip("/")

    @field_validator("price")
    @classmethod
    def _is_a_price(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"free|\d+(\.\d+)?/\d+(\.\d+)?", value):
            raise ValueError('must be "free" or "<US$ per million tokens in>/<out>", such as "0.25/2.00"')
        return value

    @property
    def is_local(self) -> bool:
        """Say whether the server is on this machine."""
        return urlsplit(self.base_url).hostname in LOOPBACK

    @property
    def is_free(self) -> bool:
        """Say whether calls cost nothing: so it is said, or the server is local and asks for no key.

        A local address with a key may be a proxy to somebody who charges.
        """
        return self.price == "free" or (self.price is None and self.is_local and self.api_key is None)


def read_providers(
    given: Mapping[str, str],
) -> tuple[tuple[ProviderSettings, ...], tuple[str, ...], list[str]]:
    """Return the providers that *given* describes, notices for people, and problems."""
    providers, notices, problems = [], [], []
    for name in sorted(_named(given)):
        prefix = f"{name.upper()}_"
        fields = {
            field: given[prefix + field.upper()]
            for field in ProviderSettings.model_fields
            if field != "name" and prefix + field.upper() in given
        }
        if name in TAKEN:
            problems.append(f"{prefix}BASE_URL cannot be used: {name} is a name of the house; take another")
            continue
        if name in OTHER_WIRES:
            notices.append(f"{prefix}BASE_URL is ignored: {name} does not speak Chat Completions")
            continue
        vendor = vendors.VENDORS.get(name)
        if vendor is None and "model" not in fields:
            notices.append(
                f"{prefix}BASE_URL is ignored: {prefix}MODEL does not say which model to ask there"
            )
            continue
        defaults = {"base_url": vendor.base_url, "model": vendor.default_model} if vendor else {}
        try:
            providers.append(ProviderSettings.model_validate({"name": name, **defaults, **fields}))
        except ValidationError as error:
            problems += _told(error, prefix, fields)
    return tuple(providers), tuple(notices), problems


def _named(given: Mapping[str, str]) -> set[str]:
    names = {vendor for vendor in vendors.VENDORS if f"{vendor.upper()}_API_KEY" in given}
    for variable in given:
        found = re.fullmatch(r"([A-Z][A-Z0-9_]*)_BASE_URL", variable)
        if found and not found[1].startswith("THALAS"):
            names.add(found[1].lower())
    return names


def _told(error: ValidationError, prefix: str, fields: Mapping[str, str]) -> list[str]:
    lines = []
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        field = str(item["loc"][0])
        value = fields.get(field, "")
        is_secret = field == "api_key" or (field == "base_url" and not {"@", "?", "#"}.isdisjoint(value))
        shown = "(value not shown)" if is_secret else repr(value)
        lines.append(f"{prefix}{field.upper()}={shown}: {item['msg'].removeprefix('Value error, ')}")
    return lines
