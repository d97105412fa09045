"""The part of the environment that adds voters: `{PROVIDER}_API_KEY`, `_BASE_URL`, `_MODEL` and the rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from providers.voters import vendors
from providers.voters.analysts import ANALYSTS
from providers.voters.vendors import Enforced, Vendor
from thalas import env_secrets

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# A provider by such a name would take the seat, or the budget, of voters that come with the house.
TAKEN = {vendors.ANALYST, "emulator", *ANALYSTS}
DEFAULT_CAP_USD_PER_DAY = Decimal("1.00")


def usable_url(value: str) -> str:
    """Return *value* if it can be asked there without telling anybody a secret.

    Raises:  ValueError.
    """
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.password:
        raise ValueError("must be an http(s) URL without a user or password in it")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("must be https unless the server is on this machine")
    if parts.query or parts.fragment:
        raise ValueError("must be an address without a query; keys belong in the variable for the key")
    _ = parts.port  # raises ValueError for one that is no number
    return value.rstrip("/")


def _a_price(value: str) -> str:
    if not re.fullmatch(r"free|\d{1,9}(\.\d{1,9})?(/\d{1,9}(\.\d{1,9})?){1,2}", value):
        raise ValueError('must be "free" or "<US$ per million tokens in>/<out>", such as "0.25/2.00"')
    return value


# What a provider's variables and an entry in the file of voters say alike.
Model = Annotated[str, Field(min_length=1, max_length=100)]
Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
MaxTokens = Annotated[int, Field(ge=64, le=100_000)]
Temperature = Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]
Effort = Annotated[str, Field(pattern=r"^[a-z]{1,20}$")]
Timeout = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]
Price = Annotated[str, AfterValidator(_a_price)]


class ProviderSettings(BaseModel):
    """One provider as the environment describes it; each field is `{NAME}_{FIELD}` in capitals.

    wire             how the server is spoken to
    enforced         how the ballot's schema is enforced; None leaves it to what is known of the server
    seed, effort     None leaves them to the model
    price            "free", or US$ per million tokens "<in>/<out>" or "<in>/<out>/<read from a cache>";
                     None asks the price list
    cap_usd_per_day  calls that could pass it are not made
    requests_per_minute, tokens_per_minute  what the provider allows all callers together; None is no limit
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(max_length=40)]
    base_url: Annotated[str, AfterValidator(usable_url)]
    model: Model
    wire: Literal["openai_chat", "openai_responses", "anthropic_messages", "gemini"] = "openai_chat"
    enforced: Enforced | None = None
    api_key: SecretStr | None = None
    enabled: bool = True
    weight: Weight = 1.0
    max_tokens: MaxTokens = 2_000
    temperature: Temperature | None = None
    seed: Seed | None = None
    effort: Effort | None = None
    timeout: Timeout = 12.0
    max_retries: Annotated[int, Field(ge=0, le=5)] = 1
    price: Price | None = None
    cap_usd_per_day: Annotated[Decimal, Field(ge=0, le=100_000)] = DEFAULT_CAP_USD_PER_DAY
    requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    tokens_per_minute: Annotated[int, Field(ge=1)] | None = None

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


@dataclass(frozen=True, slots=True)
class _Given:
    """What the environment says of one provider.

    variables  field to the name of the variable that gives it
    """

    name: str
    vendor: Vendor | None
    fields: Mapping[str, str]
    variables: Mapping[str, str]

    def variable(self, field: str) -> str:
        """Return the variable that gives, or would give, *field*."""
        return self.variables.get(field, f"{self.name.upper()}_{field.upper()}")

    def told(self, field: str, why: str) -> str:
        """Return a line on a value of *field* that cannot be used."""
        value = self.fields.get(field, "")
        is_secret = field == "api_key" or (field == "base_url" and not env_secrets.may_be_shown(value))
        return f"{self.variable(field)}={'(value not shown)' if is_secret else repr(value)}: {why}"


def read_providers(
    given: Mapping[str, str],
) -> tuple[tuple[ProviderSettings, ...], tuple[str, ...], list[str]]:
    """Return the providers that *given* describes, notices for people, and problems."""
    providers, notices, problems = [], [], []
    for name in sorted(named(given)):
        one, doubles = _gather(name, given)
        problems += doubles
        if name in TAKEN:
            why = f"cannot be used: {name} is a name of the house; take another"
            problems.append(f"{one.variable('base_url')} {why}")
        elif one.vendor is None and "model" not in one.fields:
            why = f"is ignored: {one.variable('model')} does not say which model to ask there"
            notices.append(f"{one.variable('base_url')} {why}")
        else:
            provider, wrong = _read(one)
            problems += wrong
            providers += [provider] if provider is not None else []
    return tuple(providers), tuple(notices), problems


def named(given: Mapping[str, str]) -> set[str]:
    """Return the providers that *given* speaks of: a vendor by its key, any other server by its address.

    A vendor that needs no key is spoken of by its model or its switch.
    """
    names = {
        vendor.name
        for vendor in vendors.VENDORS.values()
        for field in (("API_KEY",) if vendor.needs_key else ("API_KEY", "MODEL", "ENABLED"))
        if any(prefix + field in given for prefix in vendor.prefixes)
    }
    aliases = {prefix: vendor.name for vendor in vendors.VENDORS.values() for prefix in vendor.prefixes}
    for variable in given:
        found = re.fullmatch(r"([A-Z][A-Z0-9_]*_)BASE_URL", variable)
        if found and not found[1].startswith("THALAS"):
            names.add(aliases.get(found[1], found[1][:-1].lower()))
    return names


def _gather(name: str, given: Mapping[str, str]) -> tuple[_Given, list[str]]:
    """Collect what *given* says of *name*, under all names of a vendor, and what it says twice."""
    vendor = vendors.VENDORS.get(name)
    fields: dict[str, str] = {}
    variables: dict[str, str] = {}
    doubles = []
    for prefix in vendor.prefixes if vendor else (f"{name.upper()}_",):
        for field in ProviderSettings.model_fields:
            variable = prefix + field.upper()
            if field == "name" or variable not in given:
                continue
            if fields.get(field, given[variable]) != given[variable]:
                doubles.append(f"{variable} says something else than {variables[field]}: take one of them")
            elif field not in fields:
                fields[field], variables[field] = given[variable], variable
    return _Given(name, vendor, fields, variables), doubles


def _read(one: _Given) -> tuple[ProviderSettings | None, list[str]]:
    """Return the provider, or None and what is wrong with it."""
    try:
        provider = ProviderSettings.model_validate(
            {"name": one.name, **_defaults(one.vendor, one.fields), **one.fields}
        )
    except ValidationError as error:
        items = error.errors(include_url=False, include_context=False, include_input=False)
        return None, [
            one.told(str(item["loc"][0]), item["msg"].removeprefix("Value error, ")) for item in items
        ]
    wrong = [one.told(field, why) for field, why in not_taken(provider)]
    return (None if wrong else provider), wrong


def _defaults(vendor: Vendor | None, fields: Mapping[str, str]) -> dict[str, str]:
    if vendor is None:
        return {}
    defaults = {"base_url": vendor.base_url, "model": vendor.default_model, "wire": vendor.wire}
    is_usual = all(fields.get(name, defaults[name]) == defaults[name] for name in ("model", "wire"))
    if is_usual and vendor.default_effort is not None:
        defaults["effort"] = vendor.default_effort
    return defaults


def not_taken(provider: ProviderSettings) -> list[tuple[str, str]]:
    """Return the fields that the provider's server does not take, each with the reason."""
    can = vendors.abilities(provider.name, provider.wire)
    wrong = []
    for field, parameter in (("temperature", can.temperature), ("seed", can.seed), ("effort", can.effort)):
        if parameter is None and getattr(provider, field) is not None:
            wrong.append((field, f"{provider.name} takes none"))
    if can.temperature and (provider.temperature or 0.0) > can.max_temperature:
        wrong.append(("temperature", f"{provider.name} takes {can.max_temperature:g} at most"))
    return wrong
