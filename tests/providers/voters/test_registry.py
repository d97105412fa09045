"""Vendors, voters' descriptions, and the voters made from them."""

import dataclasses
from decimal import Decimal

import orjson
import pytest

from providers.errors import ErrorKind, PermanentVoterError, ProviderError
from providers.voters import registry
from providers.voters.analysts import ANALYSTS
from providers.voters.model_voters import ModelVoter
from providers.voters.vendors import VENDORS, Enforced, Vendor, VoterSpec
from tests.providers.voters.samples import KEY, brief

OPENAI = VENDORS["openai"]
SPEC = VoterSpec(
    name="openai",
    provider="openai",
    wire="openai_chat",
    model=OPENAI.default_model,
    base_url=OPENAI.base_url,
    weight=1.0,
)
LOCAL = dataclasses.replace(SPEC, provider="mine", model="m", base_url="http://127.0.0.1:9/v1", price="free")


def test_the_same_description_gives_the_same_voter() -> None:
    assert registry.build(SPEC, api_key=KEY) is registry.build(dataclasses.replace(SPEC), api_key=KEY)
    assert registry.build(SPEC, api_key=KEY) is not registry.build(SPEC, api_key=KEY + "2")


def test_voters_of_one_server_share_its_connections() -> None:
    one, two = (registry.build(dataclasses.replace(LOCAL, model=model), api_key=None) for model in ("a", "b"))
    assert isinstance(one, ModelVoter)
    assert isinstance(two, ModelVoter)
    assert one._server is two._server


def of(vendor: Vendor, **changed: object) -> VoterSpec:
    """Return the description of *vendor*'s voter as its key alone makes it."""
    spec = VoterSpec(vendor.name, vendor.name, vendor.wire, vendor.default_model, vendor.base_url, 1.0)
    return dataclasses.replace(spec, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_every_vendors_default_model_has_a_price(vendor: Vendor) -> None:
    worst_usd = registry.build(of(vendor), api_key=KEY).worst_case(brief()).cost_usd
    assert (worst_usd == 0) == (vendor.price == "free")
    assert vendor.base_url.startswith("https://" if vendor.needs_key else "http://127.0.0.1:")


@pytest.mark.parametrize("vendor", VENDORS.values(), ids=VENDORS)
def test_every_vendor_is_asked_over_its_wire_with_its_own_names(vendor: Vendor) -> None:
    voter = registry.build(of(vendor, effort=vendor.default_effort), api_key=KEY)
    assert isinstance(voter, ModelVoter)
    assert voter.wire is registry.WIRES[vendor.wire]
    body = orjson.loads(voter.request(brief()))
    for path, value in vendor.abilities.always:
        assert at(body, path) == value
    assert at(body, vendor.abilities.max_tokens) == 2_000
    if vendor.default_effort:
        assert vendor.abilities.effort
        assert at(body, vendor.abilities.effort) == vendor.default_effort


def at(body: object, path: str) -> object:
    for step in path.split("."):
        assert isinstance(body, dict)
        body = body[step]
    return body


def test_a_fee_for_each_call_is_in_the_worst_case() -> None:
    # Sonar costs 12 US$ per thousand calls beside its tokens, at 1 US$ per million.
    voter = registry.build(of(VENDORS["perplexity"], max_retries=0), api_key=KEY)
    assert isinstance(voter, ModelVoter)
    tokens = len(voter.request(brief())) + 2_000
    assert voter.worst_case(brief()).cost_usd == Decimal("0.012") + Decimal(tokens) / 1_000_000


@pytest.mark.parametrize("name", ["qwen", "ollama"])
@pytest.mark.parametrize("changed", [{"model": "another"}, {"base_url": "https://proxy.example.org/v1"}])
def test_a_price_in_a_vendors_row_is_for_its_own_server_and_default_model_only(
    name: str, changed: dict[str, object]
) -> None:
    voter = registry.build(of(VENDORS[name], **changed), api_key=KEY)
    with pytest.raises(PermanentVoterError) as raised:
        voter.worst_case(brief())
    assert raised.value.kind is ErrorKind.UNPRICED


def test_another_wire_than_the_vendors_has_that_wires_names() -> None:
    voter = registry.build(of(OPENAI, wire="openai_responses"), api_key=KEY)
    assert isinstance(voter, ModelVoter)
    assert orjson.loads(voter.request(brief()))["max_output_tokens"] == 2_000


def test_a_description_may_say_how_the_schema_is_enforced() -> None:
    voter = registry.build(of(OPENAI, enforced=Enforced.JSON_OBJECT), api_key=KEY)
    assert isinstance(voter, ModelVoter)
    assert orjson.loads(voter.request(brief()))["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("name", sorted(ANALYSTS))
def test_an_analyst_is_built_without_a_key_and_costs_nothing(name: str) -> None:
    spec = dataclasses.replace(SPEC, provider="analyst", wire="analyst", model=name, base_url="")
    voter = registry.build(spec, api_key=None)
    assert voter is ANALYSTS[name]
    assert voter.worst_case(brief()).cost_usd == 0


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(dataclasses.replace(SPEC, wire="telex"), id="an unknown wire"),
        pytest.param(dataclasses.replace(SPEC, wire="analyst", model="astrology"), id="an unknown analyst"),
        pytest.param(
            dataclasses.replace(SPEC, base_url="https://u:p@example.com"), id="a password in the address"
        ),
    ],
)
def test_what_cannot_be_built_is_not_configured(spec: VoterSpec) -> None:
    with pytest.raises(PermanentVoterError) as raised:
        registry.build(spec, api_key=KEY)
    assert raised.value.kind is ErrorKind.NOT_CONFIGURED


@pytest.mark.parametrize("key", [None, "", "  "])
@pytest.mark.parametrize(
    ("name", "told"), [("openai", "OPENAI_API_KEY"), ("grok", "GROK_API_KEY or XAI_API_KEY")]
)
def test_a_vendor_needs_its_key(name: str, told: str, key: str | None) -> None:
    with pytest.raises(PermanentVoterError, match=told):
        registry.build(of(VENDORS[name]), api_key=key)


def test_a_vendor_on_this_machine_needs_no_key() -> None:
    assert registry.build(of(VENDORS["ollama"]), api_key=None).worst_case(brief()).cost_usd == 0


def test_a_server_of_ones_own_needs_no_key() -> None:
    assert registry.build(LOCAL, api_key=None).worst_case(brief()).cost_usd == 0


def test_a_server_of_ones_own_needs_a_price() -> None:
    voter = registry.build(dataclasses.replace(LOCAL, price=None), api_key=None)
    with pytest.raises(PermanentVoterError) as raised:
        voter.ask(brief(), timeout_s=1)
    assert raised.value.kind is ErrorKind.UNPRICED


@pytest.mark.parametrize("key", ["sk-a b-not-shown", "sk-\n\tb-not-shown"])
def test_a_key_that_cannot_be_sent_is_not_told(key: str) -> None:
    with pytest.raises(ProviderError) as raised:
        registry.build(LOCAL, api_key=key)
    assert "not-shown" not in str(raised.value)


def test_neither_voter_nor_description_shows_a_key() -> None:
    voter = registry.build(SPEC, api_key=KEY)
    assert KEY not in repr(voter) + str(vars(voter)) + repr(SPEC)
