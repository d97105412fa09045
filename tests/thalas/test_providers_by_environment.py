"""A provider of each wire, by environment alone: key and address make a voter that votes and has a price."""

from collections.abc import Iterator

import pytest

from providers.voters import registry
from providers.voters.types import Action, Opinion
from tests.providers.emulator.running import Running, emulator
from tests.providers.voters.samples import brief
from thalas import env, roster

# The wire that each vendor is known to speak, and what its address ends in.
VENDORS = {"openai": "/v1", "grok": "/v1", "anthropic": "", "gemini": "/v1beta"}
WIRES = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with emulator(tmp_path_factory.mktemp("emulator")) as one:
        one.script({"*": [{"action": "SELL"}]})
        yield one


def heard(variables: dict[str, str], name: str) -> None:
    """Ask the voter *name* of an environment with *variables*, and look at its vote."""
    environment = env.read({**variables, "USE_KEYS": "1"})
    spec = roster.specs(environment)[name]
    asked = registry.build(spec, api_key=roster.api_key(environment, spec))
    answer = asked.ask(brief(), timeout_s=20)
    (said,) = answer.opinions
    assert isinstance(said, Opinion)
    assert said.action is Action.SELL
    assert answer.response_model == spec.model
    assert 0 < answer.usage.cost_usd <= asked.worst_case(brief()).cost_usd
    assert answer.usage.tokens_in > 500


@pytest.mark.parametrize("name", VENDORS)
def test_a_vendors_key_and_an_address_are_enough(running: Running, name: str) -> None:
    base_url = running.base_url.removesuffix("/v1") + VENDORS[name]
    prefix = name.upper()
    heard({f"{prefix}_API_KEY": "a-key-of-nobody", f"{prefix}_BASE_URL": base_url}, name)


@pytest.mark.parametrize("wire", WIRES)
def test_any_other_server_needs_its_wire_its_model_and_a_price(running: Running, wire: str) -> None:
    variables = {"ACME_WIRE": wire, "ACME_MODEL": "emulated-bear", "ACME_PRICE": "0.15/0.60"}
    heard({**variables, "ACME_BASE_URL": running.base_url, "ACME_API_KEY": "a-key-of-nobody"}, "acme")


def test_every_wire_is_spoken_by_one_of_them(running: Running) -> None:
    keys = {f"{name.upper()}_API_KEY": "a-key-of-nobody" for name in VENDORS}
    specs = roster.specs(env.read({**keys, "USE_KEYS": "1"}))
    assert [specs[name].wire for name in VENDORS] == list(WIRES)
