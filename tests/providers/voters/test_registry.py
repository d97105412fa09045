"""Vendors, voters' descriptions, and the voters made from them."""

import dataclasses

import pytest

from providers.errors import ErrorKind, PermanentVoterError, ProviderError
from providers.voters import registry
from providers.voters.analysts import ANALYSTS
from providers.voters.openai_chat import OpenAIChatVoter
from providers.voters.vendors import VENDORS, Vendor, VoterSpec
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
    assert isinstance(one, OpenAIChatVoter)
    assert isinstance(two, OpenAIChatVoter)
    assert one._server is two._server


@pytest.mark.parametrize("vendor", VENDORS.values())
def test_every_vendors_default_model_has_a_price(vendor: Vendor) -> None:
    spec = dataclasses.replace(
        SPEC, provider=vendor.name, model=vendor.default_model, base_url=vendor.base_url, wire=vendor.wire
    )
    assert registry.build(spec, api_key=KEY).worst_case_usd(brief()) > 0
    assert vendor.base_url.startswith("https://")


@pytest.mark.parametrize("name", sorted(ANALYSTS))
def test_an_analyst_is_built_without_a_key_and_costs_nothing(name: str) -> None:
    spec = dataclasses.replace(SPEC, provider="analyst", wire="analyst", model=name, base_url="")
    voter = registry.build(spec, api_key=None)
    assert voter is ANALYSTS[name]
    assert voter.worst_case_usd(brief()) == 0


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
def test_a_vendor_needs_its_key(key: str | None) -> None:
    with pytest.raises(PermanentVoterError, match="OPENAI_API_KEY"):
        registry.build(SPEC, api_key=key)


def test_a_server_of_ones_own_needs_no_key() -> None:
    assert registry.build(LOCAL, api_key=None).worst_case_usd(brief()) == 0


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
